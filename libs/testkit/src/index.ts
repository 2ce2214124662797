export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database.js';
export { testServers, type TestServers } from './servers.js';
export { uniqueName } from './unique-name.js';
