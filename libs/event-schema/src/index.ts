export type { AcceptedEvent } from './accepted-event.js';
export type { ParsedBatch, ParseOptions } from './batch.js';
export { validateCsvFields, type CsvFields } from './csv-fields.js';
export { jsonOf } from './event-line.js';
export { createEventSchema, eventSchema, isUuid, type EventInput, type EventSchema } from './event-schema.js';
export { parseJsonBatch } from './json-batch.js';
export { readLineMessage, type LineEvent } from './line-message.js';
export { parseNdjsonBatch } from './ndjson-batch.js';
export { changedNumbersOfProperties } from './number-precision.js';
export { parseInstantMs } from './occurred-at.js';
export type { Validation } from './event-validator.js';
export { CEILING_LIMITS, DEFAULT_LIMITS, MAX_PROBLEMS_PER_EVENT, type EventLimits } from './limits.js';
export {
  BatchError,
  EVENT_PROBLEM_CODES,
  type BatchErrorCode,
  type EventProblem,
  type EventProblemCode,
  type FieldProblem,
} from './problems.js';
export { quoteValue } from './quoting.js';
export { nameProblems } from './text-rules.js';
export {
  decodeWireMessage,
  encodeWireMessages,
  encodeWirePieces,
  joinWirePieces,
  MAX_WIRE_EVENT_BYTES,
  messageOfJson,
  WIRE_ENVELOPE_BYTES,
  WireFormatError,
  type WireFormatErrorCode,
  type WireEvent,
  type WireMessage,
  type WirePiece,
  type WirePoison,
} from './wire-message.js';
export { readJsonLine, readPlainLine, type JsonLine } from './json-line.js';
export { readPlainFields } from './plain-fields.js';
export { readWrittenEvents, type WrittenEvent } from './written-events.js';
export { readPropertiesText, validateEvent } from './validate-event.js';
