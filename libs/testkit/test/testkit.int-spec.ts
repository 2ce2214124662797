import postgres from 'postgres';
import { createTestDatabase, testServers } from '@event-analytics/testkit';

test('a database of its own on the private servers', async () => {
  expect(testServers().natsUrl).toMatch(/^nats:/);
  const database = await createTestDatabase({
    prepare: async (url) => {
      const sql = postgres(url);
      await sql`create table prepared (n int)`;
      await sql.end();
    },
  });
  const sql = postgres(database.url);
  expect(await sql`select count(*)::int as n from prepared`).toEqual([{ n: 0 }]);
  await sql.end();
  await database.drop();
});
