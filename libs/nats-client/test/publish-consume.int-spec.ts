import {
  createDeadLetters,
  createEventPublisher,
  DEAD_LETTER_HEADERS,
  ensureEventStream,
  streamLag,
} from '../src/index.js';
import { testServers } from '@event-analytics/testkit';
import { bytes, eventually, opened, takeAll, testNames, text } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

async function stream(maxMessages = 100_000) {
  const names = testNames();
  const nats = await open.connect(testServers().natsUrl);
  await ensureEventStream(nats, { names, maxMessages });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000 });
  open.onClose(() => publisher.close());
  return { names, nats, publisher };
}

test('what was published is delivered once, in order, and gone after its ack', async () => {
  const { names, nats, publisher } = await stream();
  for (let i = 0; i < 20; i += 1) await publisher.publish(bytes(`m${String(i)}`));
  expect(await streamLag(nats, names)).toMatchObject({ pending: 20, ackPending: 0, messages: 20 });

  const consumer = open.consume(nats, names);
  const messages = await takeAll(consumer);
  expect(messages.map(text)).toEqual(Array.from({ length: 20 }, (_, i) => `m${String(i)}`));
  expect(messages.map((m) => m.streamSequence)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(messages[0]?.streamEpoch).toBe(publisher.streamEpoch());
  expect(Math.abs((messages[0]?.storedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);

  expect(await consumer.ack(messages)).toEqual({ confirmed: true });
  expect(await streamLag(nats, names)).toEqual({ pending: 0, ackPending: 0, messages: 0, bytes: 0 });
});

test('one confirmed ack stands for thousands before it', async () => {
  const { names, nats, publisher } = await stream();
  const consumer = open.consume(nats, names);
  await Promise.all(Array.from({ length: 3_000 }, (_, i) => publisher.publish(bytes(String(i)))));
  const messages = await takeAll(consumer);
  expect(messages).toHaveLength(3_000);
  expect(await consumer.ack(messages)).toEqual({ confirmed: true });
  expect(await streamLag(nats, names)).toMatchObject({ pending: 0, ackPending: 0, messages: 0 });
});

test('a waiting reader gets a message as it comes, not at the end of its wait', async () => {
  const { names, nats, publisher } = await stream();
  const consumer = open.consume(nats, names);
  await eventually(() => consumer.status().attached, Boolean);
  const waiting = consumer.next({ waitMs: 5_000 });
  await publisher.publish(bytes('now'));
  const startedMs = Date.now();
  expect(text((await waiting)!)).toBe('now');
  expect(Date.now() - startedMs).toBeLessThan(2_500);
});

test('holds no more messages and bytes than it may, and goes on as they are acknowledged', async () => {
  const { names, nats, publisher } = await stream();
  for (let i = 0; i < 50; i += 1) await publisher.publish(new Uint8Array(500_000));

  const few = open.consume(nats, names, { maxMessages: 7 });
  await eventually(
    () => few.status().heldMessages,
    (held) => held === 7,
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(few.status().heldMessages).toBe(7);
  await few.close();

  const small = open.consume(nats, names, { maxBytes: 4 * 1024 * 1024 });
  await eventually(
    () => small.status().heldMessages,
    (held) => held >= 4,
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(small.status().heldBytes).toBeLessThanOrEqual(4 * 1024 * 1024);

  let seen = 0;
  while (seen < 50) {
    const message = await small.next({ waitMs: 5_000 });
    expect(message).toBeDefined();
    seen += 1;
    await small.ack([message!]);
  }
  expect(await streamLag(nats, names)).toMatchObject({ pending: 0, ackPending: 0, messages: 0 });
});

test('a message held past ack_wait is kept alive and not delivered to another', async () => {
  const { names, nats, publisher } = await stream();
  const ackWaitMs = 1_200;
  const slow = open.consume(nats, names, { ackWaitMs });
  await publisher.publish(bytes('slow work'));
  const message = await slow.next({ waitMs: 5_000 });
  const other = open.consume(nats, names, { ackWaitMs });
  expect(await other.next({ waitMs: 3 * ackWaitMs })).toBeUndefined();
  await slow.ack([message!]);
  expect(await streamLag(nats, names)).toMatchObject({ ackPending: 0, messages: 0 });
});

test('a reader that died holding a message: it comes again to another after ack_wait', async () => {
  const { names, nats, publisher } = await stream();
  const ackWaitMs = 1_000;
  const dying = await open.connect(testServers().natsUrl);
  const first = open.consume(dying, names, { ackWaitMs });
  await publisher.publish(bytes('orphan'));
  expect(await first.next({ waitMs: 5_000 })).toBeDefined();
  await dying.close();

  const second = open.consume(nats, names, { ackWaitMs });
  const again = await second.next({ waitMs: 5_000 });
  expect(text(again!)).toBe('orphan');
  expect(again?.deliveryCount).toBe(2);
});

test('what is given back, or not yet taken when it stops, comes to another soon, not after ack_wait', async () => {
  const { names, nats, publisher } = await stream();
  const first = open.consume(nats, names);
  await publisher.publish(bytes('taken'));
  await publisher.publish(bytes('waiting'));
  const taken = await first.next({ waitMs: 5_000 });
  await eventually(
    () => first.status().heldMessages,
    (held) => held === 2,
  );
  first.giveBack([taken!]);
  first.stop();
  expect(await first.next({ waitMs: 1_000 })).toBeUndefined();

  const second = open.consume(nats, names);
  const startedMs = Date.now();
  const messages = [await second.next({ waitMs: 5_000 }), await second.next({ waitMs: 5_000 })];
  expect(messages.map((m) => text(m!)).sort()).toEqual(['taken', 'waiting']);
  expect(Date.now() - startedMs).toBeLessThan(3_000);
});

test('a dead letter keeps its payload and its story, whatever is in the error', async () => {
  const { names, nats } = await stream();
  const letters = createDeadLetters(nats, { names, clock: () => Date.UTC(2024, 2, 4) });
  expect(await letters.backlog()).toEqual({ messages: 0, oldestAgeSeconds: 0 });
  await letters.put({
    payload: Uint8Array.of(0, 255, 10),
    reason: 'untranslatable_character',
    error: 'bad\r\nNats-Msg-Id: x \u0000 ünicode',
    streamSequence: 7,
    streamEpoch: '2024-03-04T00:00:00Z',
    index: 3,
    attempts: 2,
  });
  expect(await letters.backlog()).toMatchObject({ messages: 1 });

  const stored = await nats.session()!.jsm.streams.getMessage(names.deadLetterStream, { seq: 1 });
  expect([...stored.data]).toEqual([0, 255, 10]);
  const header = (name: string): string => stored.header.get(name);
  expect(header(DEAD_LETTER_HEADERS.reason)).toBe('untranslatable_character');
  expect(header(DEAD_LETTER_HEADERS.error)).toBe('bad Nats-Msg-Id: x nicode');
  expect(header(DEAD_LETTER_HEADERS.streamSequence)).toBe('7');
  expect(header(DEAD_LETTER_HEADERS.index)).toBe('3');
  expect(header(DEAD_LETTER_HEADERS.attempts)).toBe('2');
  expect(header(DEAD_LETTER_HEADERS.time)).toBe('2024-03-04T00:00:00.000Z');
});

test('a full dead-letter stream refuses and keeps the old letters', async () => {
  const { names, nats } = await stream();
  const letters = createDeadLetters(nats, { names, maxMessages: 2 });
  const letter = {
    payload: bytes('x'),
    reason: 'r',
    error: 'e',
    streamSequence: 1,
    streamEpoch: '',
    index: 0,
    attempts: 1,
  };
  await letters.put(letter);
  await letters.put(letter);
  await expect(letters.put(letter)).rejects.toMatchObject({ code: 'stream_full', outcome: 'refused' });
  const state = (await nats.session()!.jsm.streams.info(names.deadLetterStream)).state;
  expect(state).toMatchObject({ messages: 2, first_seq: 1 });
});
