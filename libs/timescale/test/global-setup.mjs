import { env, stdout } from 'node:process';
// eslint-disable-next-line @nx/enforce-module-boundaries -- a test's file, which cannot be TypeScript
import startServers from '@event-analytics/testkit/global-setup';
import postgres from 'postgres';

/** The testkit's servers, and which storages they offer: every test runs on each of them. */
export default async function globalSetup() {
  await startServers();
  const sql = postgres(env.EA_TEST_POSTGRES_URL, { max: 1 });
  const [{ offered }] = await sql`
    SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.disable_load') AS offered`;
  await sql.end();
  env.EA_TEST_STORAGES = offered ? 'partitions,timescaledb' : 'partitions';
  stdout.write(`Storages of this server, each tested: ${env.EA_TEST_STORAGES}\n`);
}
