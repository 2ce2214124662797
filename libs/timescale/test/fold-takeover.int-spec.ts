import { createTcpProxy } from '@event-analytics/testkit';
import { portableUserSets as userSets } from '@event-analytics/user-sets';
import {
  createFoldMemory,
  ensureIndexes,
  foldActivityLog,
  recount,
  requestReindex,
  writeEvents,
  type Database,
  type FoldMemory,
  type Sql,
} from '../src/index.js';
import { events } from './event-makers.js';
import { openDatabase, storages, type OpenedDatabase } from './test-database.js';

const ZONES = ['UTC', 'Asia/Kathmandu'];
const STATEMENTS_MAX = 100;
const RECENT = { historical: false, entriesMax: 1_000 };

/** A process that hangs in the middle of a fold, as a stopped one does, holds the lock that all others wait for. */
describe.each(storages)('a fold that hangs on %s', (storage) => {
  let opened: OpenedDatabase;

  beforeEach(async () => {
    opened = await openDatabase(storage);
    await ensureIndexes(opened.db, ZONES);
  });
  afterEach(() => opened.close());

  async function foldAll(db: Database, memory: FoldMemory): Promise<number> {
    let folded = 0;
    for (;;) {
      const fold = await foldActivityLog(db, memory, RECENT);
      if (fold?.entries === 0) return folded;
      folded += fold?.events ?? 0;
      // Another holds the lock.
      if (fold === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('after any of its statements loses its transaction, and another folds everything', async () => {
    const memory = createFoldMemory(userSets, 1_000);
    const other = opened.connect({ maxConnections: 1 });
    const otherMemory = createFoldMemory(userSets, 1_000);
    // Of today: what is remembered of who is in the index is of these.
    const occurred_at = new Date().toISOString();
    let hung = 0;
    for (let at = 1; at <= STATEMENTS_MAX; at++) {
      // Half of the users are known, half are new.
      await writeEvents(opened.db, events(hung * 20, hung * 20 + 40, { occurred_at }));
      const hanging = hangingAfter(opened.db, at);
      const fold = foldActivityLog(hanging.db, memory, RECENT);
      const outcome = fold.then(
        () => 'committed',
        (error: unknown) => error,
      );
      if ((await Promise.race([hanging.reached, outcome])) === 'committed') break;
      hung++;
      expect(await foldActivityLog(other, otherMemory, RECENT)).toBeUndefined();
      const otherFolds = foldAll(other, otherMemory);
      expect(await outcome).toMatchObject({ code: 'connection_lost' });
      expect(await otherFolds).toBeGreaterThan(0);
      hanging.release();
      expect(hanging.askedMs()).toBe(5_000);
    }
    expect(hung).toBeGreaterThan(5);
    expect(hung).toBeLessThan(STATEMENTS_MAX);
    expect(await recount(opened.db, userSets)).toMatchObject({
      differing: 0,
      differences: [],
      notReady: [],
      events: hung * 20 + 40,
    });
    expect(await opened.db.run((sql) => sql`SELECT FROM activity_log`)).toHaveLength(0);
  });

  // No timeout of the server's runs in these.
  const cuts: [string, (chunk: Buffer) => boolean][] = [
    ['between the parts of a statement', (chunk) => chunk.includes('DELETE FROM activity_log')],
    ['within a part that is larger than what a socket takes at once', (chunk) => chunk.length === 65_536],
  ];
  /** Folds over a network that goes silent before the server has the whole of what `isIt` knows. */
  async function hangAt(isIt: (chunk: Buffer) => boolean) {
    const proxy = await createTcpProxy(opened.url);
    const hanging = opened.connect({ url: proxy.url, maxConnections: 1 });
    const fate = promiseOf<'silent'>();
    void proxy.cutBefore('to_server', (chunk) => {
      if (!isIt(chunk)) return false;
      // This one passes, and nothing after it.
      proxy.blackHole('to_server');
      fate.resolve('silent');
      return false;
    });
    const lost = foldActivityLog(hanging, createFoldMemory(userSets, 1_000), RECENT).then(
      () => 'folded',
      (error: unknown) => error,
    );
    const reached = await Promise.race([fate.promise, lost]);
    if (reached !== 'silent') await proxy.close();
    expect(reached).toBe('silent');
    return { proxy, lost };
  }

  it.each(cuts)('%s loses its transaction, and another folds everything', async (_, isIt) => {
    await writeEvents(opened.db, events(0, 5_000, { occurred_at: new Date().toISOString() }));
    const { proxy, lost } = await hangAt(isIt);
    try {
      expect(await foldAll(opened.db, createFoldMemory(userSets, 1_000))).toBe(5_000);
      expect(await lost).toBeInstanceOf(Error);
    } finally {
      await proxy.close();
    }
    expect(await recount(opened.db, userSets)).toMatchObject({ differing: 0, events: 5_000 });
  });

  // All that a process does before its first fold, or that a command does: it waits for its turn.
  const waiters: [string, (db: Database) => Promise<unknown>][] = [
    ['who makes the indexes as it starts', (db) => ensureIndexes(db, ZONES)],
    ['who asks for new indexes', (db) => requestReindex(db)],
  ];
  it.each(waiters)('between the parts of a statement does not hold up %s', async (_, wait) => {
    await writeEvents(opened.db, events(0, 100, { occurred_at: new Date().toISOString() }));
    const { proxy, lost } = await hangAt((chunk) => chunk.includes('DELETE FROM activity_log'));
    try {
      // Shorter than the wait, as a writer's may be.
      await wait(opened.connect({ maxConnections: 1, statementTimeoutMs: 1_000 }));
      expect(await lost).toBeInstanceOf(Error);
    } finally {
      await proxy.close();
    }
  });
});

/**
 * The answer to the n-th statement of a transaction is not seen before `release`: until then the client sends
 * nothing, and the server waits. It waits for a tenth of a second, whatever it was asked to.
 */
function hangingAfter(db: Database, n: number) {
  const reached = promiseOf<'hanging'>();
  const released = promiseOf<undefined>();
  let askedMs: number | undefined;
  const wrapped: Database = {
    ...db,
    transaction: (work, options) => {
      askedMs = options?.idleTimeoutMs;
      return db.transaction(
        (sql) => {
          let left = n;
          const hanging = ((template: TemplateStringsArray, ...parameters: never[]) => {
            const query = sql(template, ...parameters);
            // What is put into another statement is none of its own.
            if (!/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)/.test(template[0] ?? '') || --left !== 0)
              return query;
            const answered = query.then.bind(query);
            const heldUp = async (): Promise<unknown> => {
              const rows: unknown = await new Promise((resolve, reject) => void answered(resolve, reject));
              reached.resolve('hanging');
              await released.promise;
              return rows;
            };
            // It is still a query, which may be told how to read its rows.
            return Object.assign(query, {
              then: (resolve: (rows: unknown) => void, reject: (error: unknown) => void) =>
                heldUp().then(resolve, reject),
            });
          }) as Sql;
          hanging.unsafe = (text) => sql.unsafe(text);
          hanging.prepared = (text, parameters) => sql.prepared(text, parameters);
          return work(hanging);
        },
        { ...options, ...(askedMs !== undefined && { idleTimeoutMs: 100 }) },
      );
    },
  };
  return {
    db: wrapped,
    reached: reached.promise,
    release: () => released.resolve(undefined),
    askedMs: () => askedMs,
  };
}

function promiseOf<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
