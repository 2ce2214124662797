export type { CommitEvent } from './commit-event.js';
export { historyEvents, type HistoryOptions } from './history-events.js';
export { GitError } from './read-commits.js';
export { writeCsv } from './write-csv.js';
