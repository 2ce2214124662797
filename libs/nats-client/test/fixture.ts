import {
  connectNats,
  consumeEvents,
  type ClientLog,
  type ConsumeEventsOptions,
  type EventConsumer,
  type NatsConnectionHandle,
  type StreamMessage,
  type StreamNames,
} from '../src/index.js';
import { uniqueName } from '@event-analytics/testkit';

export interface RecordingLog extends ClientLog {
  events: string[];
}

export function recordingLog(): RecordingLog {
  const events: string[] = [];
  const note = (event: string): void => void events.push(event);
  return { events, debug: note, info: note, warn: note, error: note };
}

export function testNames(): StreamNames {
  const name = uniqueName('EVENTS');
  return {
    stream: name,
    subject: `${name}.ingest`,
    durable: 'writer',
    deadLetterStream: `${name}_DLQ`,
    deadLetterSubject: `${name}.dead`,
  };
}

/** Closes in reverse order what a test opened; call `closeAll` in afterEach. */
export function opened() {
  const closers: (() => Promise<void> | void)[] = [];
  return {
    onClose(close: () => Promise<void> | void): void {
      closers.push(close);
    },
    async connect(url: string, log: ClientLog = recordingLog()): Promise<NatsConnectionHandle> {
      const nats = await connectNats({ servers: url, name: 'test', log });
      closers.push(() => nats.close());
      return nats;
    },
    consume(
      nats: NatsConnectionHandle,
      names: StreamNames,
      o: Partial<ConsumeEventsOptions> = {},
    ): EventConsumer {
      const consumer = consumeEvents(nats, {
        names,
        log: recordingLog(),
        maxMessages: 5_000,
        maxBytes: 64 * 1024 * 1024,
        ...o,
      });
      closers.push(() => consumer.close());
      return consumer;
    },
    async closeAll(): Promise<void> {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const text = (message: StreamMessage): string => Buffer.from(message.data).toString();

/** Takes the first, whenever it comes, and then until nothing comes for `quietMs`. */
export async function takeAll(consumer: EventConsumer, quietMs = 500): Promise<StreamMessage[]> {
  const taken: StreamMessage[] = [];
  for (;;) {
    const message = await consumer.next({ waitMs: taken.length === 0 ? 15_000 : quietMs });
    if (!message) return taken;
    taken.push(message);
  }
}

/** Polls until the condition holds; fails the test with what was last seen. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(seen)} after ${String(timeoutMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
