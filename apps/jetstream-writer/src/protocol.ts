/** What writes the stream to the database, without HTTP, for whoever drives it otherwise: tools/simulation. */
export { createRetryTiming } from './write/backoff.js';
export { runLane, type LaneOptions } from './write/lane.js';
export { startWriter, type Writer, type WriterOptions } from './writer.js';
