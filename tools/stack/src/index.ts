export { serverAccount } from './account.js';
export { freePort, isPortFree } from './free-port.js';
export { ServerStartError, type ServerProcess } from './server-process.js';
export { temporaryDataDir } from './servers/directories.js';
export { findPostgres, type PostgresBinaries } from './servers/postgres-binaries.js';
export { findProgram } from './servers/programs.js';
export { startServers } from './servers/start.js';
export type { ServerName, Servers, StackMode, StartServersOptions } from './servers/types.js';
export { startService, type ServiceProcess, type StartServiceOptions } from './service.js';
