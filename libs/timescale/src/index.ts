export { checkDatabase, type DatabaseState } from './check-database.js';
export { unsafeSettings, type UnsafeSetting } from './check-durability.js';
export { classifyDatabaseError, isDatabaseAway, type DatabaseErrorClass } from './classify-error.js';
export { connectDatabase, type ConnectOptions, type DatabasePool } from './connect.js';
export type { Database, RunOptions, Sql } from './database.js';
export { databaseUrl } from './database-url.js';
export { DatabaseError, RawDataDroppedError, StatementTimeoutError } from './errors.js';
export { exportEvents } from './export-events.js';
export { beginImport } from './imports/begin-import.js';
export { ChunkDiffersError } from './imports/chunk-differs-error.js';
export { finishImport } from './imports/finish-import.js';
export { forgetImport } from './imports/forget-import.js';
export { holdImport } from './imports/hold-import.js';
export { ImportBusyError } from './imports/import-busy-error.js';
export { ImportStateError } from './imports/import-state-error.js';
export { ImportDataDroppedError } from './imports/import-data-dropped-error.js';
export { doneChunks, listImports, readImport } from './imports/list-imports.js';
export { undoImport, type UndoCounts, type UndoResult } from './imports/undo-import.js';
export { writeChunk } from './imports/write-chunk.js';
export { migrate, schemaNewer } from './migrate.js';
export { prepareDatabase, type DatabasePreparation } from './prepare-database.js';
export { listIndexedZones } from './queries/activity_indexes_list.js';
export { estimateActivityLogRows } from './queries/activity_log_estimate.js';
export { periodActiveUsers } from './queries/active_users_count.js';
export { eventCounts, type EventCounts, type EventCountsQuery } from './queries/event_counts_series.js';
export { EXPORT_CSV_COLUMNS, type EventSelection, type ExportForm } from './queries/events_export.js';
export { topEvents, type TopEvent, type TopEventsQuery } from './queries/event_types_rank.js';
export { funnel, type FunnelQuery } from './queries/funnel_count.js';
export { retention, type RetentionCohort, type RetentionQuery } from './queries/retention_count.js';
export { stickiness, type StickinessQuery, type StickyDay } from './queries/stickiness_count.js';
export { recountTotals, type Totals } from './queries/totals_recount.js';
export type { ChunkRange } from './queries/import_chunks_take.js';
export type { BegunImport } from './queries/imports_begin.js';
export type { ImportCountsOf, ImportSummary } from './queries/imports_list.js';
export { createStatistics, type Statistic, type Statistics, type StatisticsOptions } from './statistics.js';
export type { StorageKind } from './storage.js';
export type { WritableEvent } from './queries/events_insert.js';
export { writeEvents, type TooOldEvents, type WriteResult } from './write-events.js';
export { buildStep } from './indexer/build.js';
export { createFoldMemory, type FoldMemory } from './indexer/fold.js';
export { foldActivityLog } from './indexer/fold-log.js';
export { ensureIndexes } from './indexer/indexes.js';
export { recount, type Difference, type Recount } from './indexer/recount.js';
export { reindex, ZonesNotIndexedError, type ReindexResult } from './indexer/reindex.js';
export { requestReindex } from './indexer/request-reindex.js';
export {
  startIndexer,
  type Indexer,
  type IndexerOptions,
  type IndexerStatus,
} from './indexer/run-indexer.js';
export { sealStep } from './indexer/seal.js';
export { tidyIfDue } from './indexer/tidy.js';
export { dropExpiredEvents } from './storage-upkeep/drop-expired-events.js';
export { keepColumnstorePolicy } from './storage-upkeep/keep-columnstore-policy.js';
export { makePartitionsAhead } from './storage-upkeep/make-partitions-ahead.js';
export { encodeQuarterCounts } from './quarter-counts.js';
