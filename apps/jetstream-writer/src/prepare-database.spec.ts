import { prepareDatabase, type PrepareDatabaseOptions } from './prepare-database.js';
import { StoppedError } from './write/stopped.js';

function options(o: Partial<PrepareDatabaseOptions>): PrepareDatabaseOptions & { logged: string[] } {
  const logged: string[] = [];
  const note = (event: string) => void logged.push(event);
  return {
    logged,
    check: () => Promise.resolve({ version: '15.8', storage: 'partitions', migrated: true }),
    classify: () => ({ kind: 'retryable' }),
    log: { info: note, warn: note, error: note },
    timing: { delayMs: () => 0, pause: () => Promise.resolve() },
    stopping: new AbortController().signal,
    ...o,
  };
}

test('tries until the database is there, and says the same trouble once', async () => {
  let attempts = 0;
  const o = options({
    migrate() {
      attempts += 1;
      return attempts < 10 ? Promise.reject(new Error('connection refused')) : Promise.resolve();
    },
  });
  await prepareDatabase(o);
  expect(attempts).toBe(10);
  expect(o.logged).toEqual(['database_not_ready', 'database_ready']);
});

test('where others migrate it waits for them', async () => {
  let looks = 0;
  const o = options({
    check: () => Promise.resolve({ version: '15.8', storage: null, migrated: (looks += 1) === 5 }),
  });
  await prepareDatabase(o);
  expect(o.logged).toEqual(['database_not_migrated', 'database_ready']);
});

test('stopping ends the wait', async () => {
  const stopping = new AbortController();
  const o = options({
    check: () => Promise.reject(new Error('down')),
    stopping: stopping.signal,
    timing: {
      delayMs: () => 0,
      pause() {
        stopping.abort();
        return Promise.resolve();
      },
    },
  });
  await expect(prepareDatabase(o)).rejects.toThrow(StoppedError);
});
