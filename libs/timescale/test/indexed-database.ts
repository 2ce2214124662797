import type { AcceptedEvent } from '@event-analytics/event-schema';
import type { UserSets } from '@event-analytics/user-sets';
import {
  buildStep,
  createFoldMemory,
  createStatistics,
  ensureIndexes,
  foldActivityLog,
  writeEvents,
  type Statistics,
  type StatisticsOptions,
  type StorageKind,
} from '../src/index.js';
import { openDatabase, type OpenedDatabase } from './test-database.js';

export interface IndexedDatabase extends OpenedDatabase {
  userSets: UserSets;
  fold(): Promise<void>;
  /** Writes events and folds them. */
  store(events: readonly AcceptedEvent[]): Promise<void>;
  /** Until every index is ready. */
  build(): Promise<void>;
  /** Closed with the database. */
  statistics(options?: Partial<StatisticsOptions>): Statistics;
}

/** A database with an index for each of these zones. */
export async function openIndexedDatabase(
  storage: StorageKind,
  userSets: UserSets,
  zones: readonly string[] = ['UTC'],
): Promise<IndexedDatabase> {
  const opened = await openDatabase(storage);
  const memory = createFoldMemory(userSets, 1_000);
  const readers: Statistics[] = [];
  await ensureIndexes(opened.db, zones);

  async function fold(): Promise<void> {
    for (const historical of [false, true]) {
      let more = true;
      while (more) {
        more = (await foldActivityLog(opened.db, memory, { historical, entriesMax: 10_000 }))?.more ?? false;
      }
    }
  }

  return {
    ...opened,
    userSets,
    fold,
    async store(events) {
      await writeEvents(opened.db, events);
      await fold();
    },
    async build() {
      while ((await buildStep(opened.db, memory, { bucketsMax: 96 * 40 })) !== undefined) await fold();
    },
    statistics(options = {}) {
      const statistics = createStatistics({
        db: opened.db,
        userSets,
        cacheBytesMax: 64 * 1024 * 1024,
        statementTimeoutMs: 10_000,
        ...options,
      });
      readers.push(statistics);
      return statistics;
    },
    async close() {
      for (const statistics of readers) statistics.close();
      await opened.close();
    },
  };
}
