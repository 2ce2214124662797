import type { IngestDependencies } from '@event-analytics/ingest-gateway/protocol';
import type { Writer, WriterOptions } from '@event-analytics/jetstream-writer/protocol';
import type { Database } from '@event-analytics/timescale';
import type { FaultKind } from '../faults.js';
import type { Plan } from '../plan.js';

/** A mistake that is put in on purpose: the production functions, wrapped or composed in another way. */
export interface Mutant {
  name: string;
  /** What is done wrong, for a person. */
  mistake: string;
  /** Faults without which it cannot show; switched on in every seed. */
  needs?: readonly FaultKind[];
  plan?: (plan: Plan) => Partial<Plan>;
  ingest?: (o: IngestDependencies) => IngestDependencies;
  startWriter?: (o: WriterOptions) => Writer;
  database?: (db: Database) => Database;
  /** What the activity log counts. */
  counts?: 'sent';
  foldsInTwo?: true;
  /** What the server is told that the writers' durable is called. */
  durableName?: (name: string) => string;
}
