import { startServers } from '../src/index.js';
import { findPostgres } from '../src/servers/postgres-binaries.js';
import { embeddedPostgres } from '../src/servers/postgres-embedded.js';
import { sql } from './clients.js';

const before = process.env['PG_BIN_DIR'];

afterEach(() => {
  if (before === undefined) delete process.env['PG_BIN_DIR'];
  else process.env['PG_BIN_DIR'] = before;
});

test('a folder without PostgreSQL in PG_BIN_DIR is an error, not a reason to take another', () => {
  expect(() => findPostgres({ env: { PG_BIN_DIR: '/nowhere' } })).toThrow(/^PG_BIN_DIR=\/nowhere: /);
});

test('one of the major version that the data was made with goes before all others', () => {
  const embedded = embeddedPostgres();
  const major = embedded === undefined ? undefined : findPostgres({ env: { PG_BIN_DIR: embedded } })?.major;
  if (major === undefined) return;
  expect(findPostgres({ env: { PATH: process.env['PATH'] }, major })?.major).toBe(major);
});

const withPackage = embeddedPostgres() === undefined ? test.skip : test;

withPackage('the PostgreSQL that npm brought runs, though npm brought it without its links', async () => {
  process.env['PG_BIN_DIR'] = embeddedPostgres() ?? '';
  const servers = await startServers({ mode: 'native', only: ['postgres'] });
  try {
    const [row] = await sql(servers.postgresUrl, "SELECT 'Ä' < 'b' AS bytes, version() AS version");
    expect(row).toEqual({ bytes: false, version: expect.stringMatching(/^PostgreSQL 1[5-9]/) as unknown });
  } finally {
    await servers.stop();
  }
});
