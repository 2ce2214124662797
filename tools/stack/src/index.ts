export { freePort, isPortFree } from './free-port.js';
export { ServerStartError, type ServerProcess } from './server-process.js';
export { startServers } from './servers/start.js';
export type { ServerName, Servers, StackMode, StartServersOptions } from './servers/types.js';
export { startService, type ServiceProcess, type StartServiceOptions } from './service.js';
