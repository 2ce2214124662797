import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createTestDatabase, type TestDatabase } from '@event-analytics/testkit';
import {
  connectDatabase,
  migrate,
  periodActiveUsers,
  topEvents,
  writeEvents,
  type Database,
} from '@event-analytics/timescale';

import { historyEvents } from '../src/history-events.js';
import { makeRepository, type TestRepository } from './make-repository.js';

const connect = (url: string): Database =>
  connectDatabase({ url, applicationName: 'test', maxConnections: 2 });

/** Authors active in each day or month of a zone, as the shell counts them. */
function countedByGit(repository: string, zone: string, dateFormat: string): Record<string, number> {
  const command =
    `git log --date=format-local:${dateFormat} --format='%ad %ae' | tr A-Z a-z | sort -u` +
    ` | cut -d' ' -f1 | uniq -c`;
  const lines = execFileSync('sh', ['-c', command], { cwd: repository, env: { ...process.env, TZ: zone } });
  return Object.fromEntries(
    lines
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.trim().split(' '))
      .map(([count, date]) => [date, Number(count)]),
  );
}

describe('a history in the database', () => {
  let repository: TestRepository;
  let database: TestDatabase;
  let db: Database;

  beforeAll(async () => {
    repository = makeRepository();
    database = await createTestDatabase({
      template: 'migrated',
      prepare: async (url) => {
        const empty = connect(url);
        await migrate(empty);
        await empty.end({ timeout: 5 });
      },
    });
    db = connect(database.url);
    makeHistory(repository);
    const events = [];
    const options = { repository: repository.path, ref: 'HEAD', salt: undefined, onUndated: () => {} };
    for await (const event of historyEvents(options))
      events.push({ ...event, properties: { ...event.properties } });
    expect(await writeEvents(db, events)).toEqual({ inserted: 46, duplicates: 0 });
    expect(await writeEvents(db, events)).toEqual({ inserted: 0, duplicates: 46 });
  });
  afterAll(async () => {
    await db?.end({ timeout: 5 });
    await database?.drop();
    rmSync(repository.path, { recursive: true, force: true });
  });

  it.each(['UTC', 'America/New_York', 'Asia/Kolkata'])(
    'has the authors a day that git counts, in %s',
    async (zone) => {
      const days = await periodActiveUsers(db, {
        zone,
        period: 'day',
        from: '2024-02-25',
        to: '2024-04-05',
      });
      const active = Object.fromEntries(
        days.filter((day) => day.activeUsers > 0).map((day) => [day.start, day.activeUsers]),
      );
      expect(active).toEqual(countedByGit(repository.path, zone, '%Y-%m-%d'));
      expect(Object.keys(active).length).toBeGreaterThan(20);
    },
  );

  it('has the authors a month that git counts', async () => {
    const months = await periodActiveUsers(db, {
      zone: 'UTC',
      period: 'month',
      from: '2024-02-01',
      to: '2024-04-30',
    });
    const active = Object.fromEntries(months.map((month) => [month.start.slice(0, 7), month.activeUsers]));
    expect(active).toEqual({ '2024-04': 0, ...countedByGit(repository.path, 'UTC', '%Y-%m') });
  });

  it('has every commit under its kind', async () => {
    const kinds = await topEvents(db, { zone: 'UTC', from: '2024-02-01', to: '2024-04-30', limit: 10 });
    expect(kinds).toEqual([
      { eventType: 'commit', count: 22, users: 2 },
      { eventType: 'fix', count: 22, users: 1 },
      { eventType: 'feat', count: 1, users: 1 },
      { eventType: 'merge', count: 1, users: 1 },
    ]);
  });
});

/** Three people over the weeks in which New York's clocks change, one of them under two spellings. */
function makeHistory({ commit, git }: TestRepository): void {
  const people = ['Ann@Example.org', 'bob@example.org', 'ann@example.org', 'Cy+dev@example.org'];
  const offsets = ['+0000', '-0500', '+0530', '+1400'];
  for (let i = 0; i < 44; i += 1) {
    const date = new Date(Date.UTC(2024, 1, 26) + i * 17 * 3_600_000).toISOString().slice(0, 19);
    commit({
      subject: i % 2 === 0 ? `fix: number ${i}` : `number ${i}`,
      date: `${date}${offsets[i % 3] ?? ''}`,
      email: people[i % people.length] ?? '',
    });
  }
  git(['checkout', '--quiet', '-b', 'side']);
  commit({ subject: 'feat: aside', date: '2024-03-10T23:59:59-04:00', email: 'bob@example.org' });
  git(['checkout', '--quiet', 'main']);
  const author = {
    GIT_AUTHOR_DATE: '2024-03-11T00:00:00-04:00',
    GIT_AUTHOR_EMAIL: 'bob@example.org',
    GIT_AUTHOR_NAME: 'B',
  };
  const committer = { GIT_COMMITTER_EMAIL: 'c@example.org', GIT_COMMITTER_NAME: 'C' };
  git(['merge', '--quiet', '--no-ff', '-m', 'merge aside', 'side'], { env: { ...author, ...committer } });
}
