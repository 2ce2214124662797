/** What takes events in, without HTTP, for whoever drives it otherwise: tools/simulation. */
export { InvalidEventsError } from './ingest/errors.js';
export {
  createIngestEvents,
  type IngestDependencies,
  type IngestEvents,
  type IngestResult,
} from './ingest/ingest-events.js';
export { createPublishEvents, type PublishEvents } from './ingest/publish-events.js';
export { createReadBatch } from './ingest/read-batch.js';
