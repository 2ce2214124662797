import { randomUUID } from 'node:crypto';
import { encodeWireMessages, type AcceptedEvent } from '@event-analytics/event-schema';
import {
  connectNats,
  createEventPublisher,
  ensureEventStream,
  indexDeadLetters,
  readDeadLetters,
  streamLag,
  type ClientLog,
  type StreamNames,
} from '@event-analytics/nats-client';
import { startService, type ServiceProcess } from '@event-analytics/stack';
import { createTestDatabase, testServers, uniqueName } from '@event-analytics/testkit';
import { connectDatabase, migrate, recountTotals } from '@event-analytics/timescale';
import { runDlq } from './run-dlq.js';

const silent: ClientLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const ACK_WAIT_MS = 1_500;

/** Closes in reverse order what a test opened. */
export function opened() {
  const closers: (() => Promise<unknown> | void)[] = [];
  return {
    onClose: (close: () => Promise<unknown> | void) => void closers.push(close),
    async closeAll() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}

/** A database and a stream of their own, and writers that join the two. */
export async function bench(
  open: ReturnType<typeof opened>,
  at?: { databaseUrl?: string; natsUrl?: string },
) {
  const natsUrl = at?.natsUrl ?? testServers().natsUrl;
  const databaseUrl = at?.databaseUrl ?? (await ownDatabase(open));
  const stream = uniqueName('EVENTS');
  const names: StreamNames = {
    stream,
    subject: `${stream}.ingest`,
    durable: 'jetstream-writer',
    deadLetterStream: `${stream}_DLQ`,
    deadLetterSubject: `${stream}.dead`,
  };
  const nats = await connectNats({ servers: natsUrl, name: 'test', log: silent });
  open.onClose(() => nats.close());
  await ensureEventStream(nats, { names, maxMessages: 1_000_000 });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000 });
  open.onClose(() => publisher.close());
  const db = connectDatabase({ url: databaseUrl, applicationName: 'test', maxConnections: 2 });
  open.onClose(() => db.end({ timeout: 1 }));
  const streams = {
    ENVIRONMENT: 'test',
    NATS_URL: natsUrl,
    NATS_STREAM: names.stream,
    NATS_SUBJECT: names.subject,
    NATS_DEAD_LETTER_SUBJECT: names.deadLetterSubject,
  };

  return {
    names,
    nats,
    db,
    natsUrl,
    databaseUrl,
    publishRaw: (data: Uint8Array) => publisher.publish(data),
    async publish(events: readonly AcceptedEvent[], o: { perMessage?: number } = {}) {
      const perMessage = o.perMessage ?? events.length;
      for (let i = 0; i < events.length; i += perMessage) {
        const messages = encodeWireMessages(events.slice(i, i + perMessage), {
          receivedAt: new Date().toISOString(),
          maxBytes: 512 * 1024,
        });
        await Promise.all(messages.map((message) => publisher.publish(message)));
      }
    },
    totals: () => recountTotals(db),
    lag: () => streamLag(nats, names),
    /** Returns when nothing waits in the stream any more. */
    drained: (timeoutMs = 30_000) =>
      eventually(
        () => streamLag(nats, names),
        (lag) => lag?.messages === 0 && lag.pending === 0 && lag.ackPending === 0,
        timeoutMs,
      ),
    /** Runs `dlq` with what the writer is configured with. */
    dlq: (args: readonly string[], o: { env?: Record<string, string>; stdin?: string } = {}) =>
      runDlq(args, { ...o, env: { ...streams, ...o.env } }),
    async startWriter(env: Record<string, string> = {}): Promise<ServiceProcess> {
      const service = await startService({
        app: 'jetstream-writer',
        env: {
          ...streams,
          LOG_LEVEL: 'debug',
          DATABASE_URL: databaseUrl,
          WRITER_ACK_WAIT_MS: String(ACK_WAIT_MS),
          // The ledger of a test is the log: folded, it would be gone.
          INDEXER: 'false',
          ...env,
        },
      });
      open.onClose(() => service.stop());
      return service;
    },
  };
}

async function ownDatabase(open: ReturnType<typeof opened>): Promise<string> {
  const database = await createTestDatabase({ prepare: migrated, template: 'jetstream-writer' });
  open.onClose(() => database.drop());
  return database.url;
}

export async function migrated(url: string): Promise<void> {
  const db = connectDatabase({ url, applicationName: 'test', maxConnections: 1 });
  await migrate(db);
  await db.end();
}

export const event = (o: Partial<AcceptedEvent> = {}): AcceptedEvent => ({
  event_id: randomUUID(),
  user_id: 'user',
  event_type: 'view',
  occurred_at: '2024-03-04T10:00:00.000Z',
  properties: { from: 'test' },
  ...o,
});
export const events = (count: number): AcceptedEvent[] =>
  Array.from({ length: count }, (_, i) =>
    event({ user_id: `user ${String(i % 97)}`, event_type: `type ${String(i % 5)}` }),
  );

/** The dead letters, once there are so many. */
export async function deadLetters(b: Awaited<ReturnType<typeof bench>>, count: number) {
  const { jsm } = b.nats.session()!;
  await eventually(
    () =>
      jsm.streams.info(b.names.deadLetterStream).then(
        (info) => info.state.messages,
        () => 0,
      ),
    (messages) => messages === count,
  );
  const letters: { reason: string; index: number; sequence: number | undefined; text: string }[] = [];
  const places = (await indexDeadLetters(b.nats, b.names)) ?? [];
  for await (const page of readDeadLetters(b.nats, b.names, places)) {
    for (const { reason, index, streamSequence: sequence, payload } of page) {
      letters.push({ reason, index, sequence, text: Buffer.from(payload).toString() });
    }
  }
  return letters;
}

/** Sum of a metric's samples whose labels contain all of `labels`. */
export async function metric(service: ServiceProcess, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const samples = text
    .split('\n')
    .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(labels));
  if (samples.length === 0) throw new Error(`no sample of ${name} ${labels}`);
  return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(seen)} after ${String(timeoutMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
