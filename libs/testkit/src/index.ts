export { childEnd, type ChildEnd } from './child-end.js';
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database.js';
export { eventually } from './eventually.js';
export { gibibyteOfSpacesPacked, openSlowSockets, type SlowSockets } from './hostile-clients.js';
export { createRandom, type Random } from './random.js';
export { readMetric } from './read-metric.js';
export { getJson, postEvents } from './requests.js';
export { testServers, type TestServers } from './servers.js';
export { mayMount, mountSmallDisk, type SmallDisk } from './small-disk.js';
export {
  startOwnServers,
  startSystem,
  type AppName,
  type Links,
  type OwnServers,
  type StartSystemOptions,
  type System,
} from './system.js';
export { createTcpProxy, type Direction, type TcpProxy } from './tcp-proxy.js';
export { uniqueName } from './unique-name.js';
