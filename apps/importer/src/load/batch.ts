import type { AcceptedEvent } from '@event-analytics/event-schema';

/** A row that is an event. */
export interface EventRow {
  line: number;
  /** The row as it stands in the file. */
  bytes: Uint8Array;
  event: AcceptedEvent;
}

/** A row that is not, and why. */
export interface RejectedRow {
  line: number;
  bytes: Uint8Array;
  code: string;
  message: string;
}

export interface Batch {
  events: EventRow[];
  rejected: RejectedRow[];
}
