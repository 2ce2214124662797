import {
  createEventPublisher,
  durableOf,
  ensureEventStream,
  StreamConfigError,
  streamLag,
} from '../src/index.js';
import { createTcpProxy, testServers } from '@event-analytics/testkit';
import { AckPolicy, DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from 'nats';
import { bytes, eventually, opened, takeAll, testNames, text } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

const connect = () => open.connect(testServers().natsUrl);

test('makes the work queue on disk that refuses when full, and finds it again', async () => {
  const names = testNames();
  const nats = await connect();
  const made = await ensureEventStream(nats, { names, maxMessages: 10 });
  expect(made).toMatchObject({ created: true, maxMessages: 10 });
  const { config } = await nats.session()!.jsm.streams.info(names.stream);
  expect(config).toMatchObject({
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_age: 0,
    max_bytes: -1,
    subjects: [names.subject],
  });
  const found = await ensureEventStream(nats, { names, maxMessages: 10 });
  expect(found).toEqual({ created: false, epoch: made.epoch, maxMessages: 10 });
});

test('several services at once make one stream', async () => {
  const names = testNames();
  const clients = await Promise.all([connect(), connect(), connect(), connect()]);
  const states = await Promise.all(
    clients.map((nats) => ensureEventStream(nats, { names, maxMessages: 10 })),
  );
  expect(new Set(states.map((state) => state.epoch)).size).toBe(1);
});

test('other limits of an existing stream are updated, unless it is not ours to say', async () => {
  const names = testNames();
  const nats = await connect();
  await ensureEventStream(nats, { names, maxMessages: 10 });
  expect(await ensureEventStream(nats, { names, maxMessages: 20, updateLimits: false })).toMatchObject({
    maxMessages: 10,
  });
  expect(await ensureEventStream(nats, { names, maxMessages: 20 })).toMatchObject({
    created: false,
    maxMessages: 20,
  });
});

const BREAKING: [string, Partial<StreamConfig>, RegExp][] = [
  ['in memory', { storage: StorageType.Memory }, /storage is "memory", must be "file"/],
  ['evicting', { discard: DiscardPolicy.Old }, /discard is "old", must be "new"/],
  ['forgetting by age', { max_age: 3_600_000_000_000 }, /max_age/],
  ['keeping what is acknowledged', { retention: RetentionPolicy.Limits }, /retention is "limits"/],
  ['evicting by subject', { max_msgs_per_subject: 1 }, /max_msgs_per_subject is 1/],
  ['without PubAcks', { no_ack: true }, /no_ack is true/],
];

test.each(BREAKING)('refuses an existing stream that is %s, and says so', async (_what, config, words) => {
  const names = testNames();
  const nats = await connect();
  await nats.session()!.jsm.streams.add({
    name: names.stream,
    subjects: [names.subject],
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    ...config,
  });
  const attempt = ensureEventStream(nats, { names, maxMessages: 10 });
  await expect(attempt).rejects.toThrow(StreamConfigError);
  await expect(attempt).rejects.toThrow(words);
  await expect(attempt).rejects.toThrow(names.stream);
});

test('max_bytes: refused before 2.10.5 with the reason, used from then on', async () => {
  const names = testNames();
  const nats = await connect();
  const version = nats.session()!.serverVersion;
  const attempt = ensureEventStream(nats, { names, maxMessages: 10, maxBytes: 1_000_000 });
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major * 1e6 + minor * 1e3 + patch >= 2_010_005) {
    await expect(attempt).resolves.toMatchObject({ created: true });
    return;
  }
  await expect(attempt).rejects.toThrow(StreamConfigError);
  await expect(attempt).rejects.toThrow(/max_bytes.*evict acknowledged messages.*2\.10\.5/);
});

test('a full stream refuses, evicts nothing, and takes again when there is room', async () => {
  const names = testNames();
  const nats = await connect();
  await ensureEventStream(nats, { names, maxMessages: 5 });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000, refreshMs: 50 });
  open.onClose(() => publisher.close());
  for (let i = 0; i < 5; i += 1) await publisher.publish(bytes(String(i)));
  await expect(publisher.publish(bytes('6th'))).rejects.toMatchObject({
    code: 'stream_full',
    outcome: 'refused',
  });
  await eventually(
    () => publisher.ready(),
    (ready) => !ready,
  );
  const info = await nats.session()!.jsm.streams.info(names.stream);
  expect(info.state).toMatchObject({ messages: 5, first_seq: 1, last_seq: 5 });

  const consumer = open.consume(nats, names);
  const two = [await consumer.next({ waitMs: 5_000 }), await consumer.next({ waitMs: 5_000 })];
  await consumer.ack(two.map((message) => message!));
  await publisher.publish(bytes('6th'));
  await eventually(() => publisher.ready(), Boolean);
});

test('a deleted stream: refused, visible, not made anew; made anew by hand it has another epoch', async () => {
  const names = testNames();
  const nats = await connect();
  const { epoch } = await ensureEventStream(nats, { names, maxMessages: 100 });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000, refreshMs: 100 });
  open.onClose(() => publisher.close());
  const consumer = open.consume(nats, names);
  await publisher.publish(bytes('a'));
  await publisher.publish(bytes('b'));
  await eventually(
    () => publisher.streamEpoch(),
    (seen) => seen === epoch,
  );
  const held = await consumer.next({ waitMs: 5_000 });
  expect(held?.streamEpoch).toBe(epoch);
  await eventually(
    () => consumer.status().heldMessages,
    (count) => count === 2,
  );

  const { jsm } = nats.session()!;
  await jsm.streams.delete(names.stream);
  await expect(publisher.publish(bytes('c'))).rejects.toMatchObject({
    code: 'no_stream',
    outcome: 'refused',
  });
  expect(publisher.streamEpoch()).toBeUndefined();
  expect(publisher.ready()).toBe(false);
  await eventually(() => publisher.streamMissing(), Boolean);
  await eventually(() => consumer.status().streamMissing, Boolean, 15_000);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await expect(jsm.streams.info(names.stream)).rejects.toThrow('stream not found');

  const again = await ensureEventStream(nats, { names, maxMessages: 100 });
  expect(again.epoch).not.toBe(epoch);
  await eventually(
    () => publisher.streamEpoch(),
    (seen) => seen === again.epoch,
  );
  await publisher.publish(bytes('new 1'));
  // What was in hand when the stream went is not dropped: it was acknowledged to its publisher.
  expect(text((await consumer.next({ waitMs: 1_000 }))!)).toBe('b');
  const message = await consumer.next({ waitMs: 10_000 });
  expect(message).toMatchObject({ streamSequence: 1, streamEpoch: again.epoch });
  // An ack of the old stream's message must not remove the new stream's with the same number.
  await consumer.ack([held!]);
  expect((await jsm.streams.info(names.stream)).state.messages).toBe(1);
});

test('an ack for a stream that was replaced before anybody knew removes nothing of its successor', async () => {
  const names = testNames();
  const proxy = await createTcpProxy(testServers().natsUrl);
  open.onClose(() => proxy.close());
  const [operator, writer] = [await connect(), await open.connect(proxy.url)];
  await ensureEventStream(operator, { names, maxMessages: 100 });
  const publisher = createEventPublisher(operator, { names, timeoutMs: 2_000 });
  open.onClose(() => publisher.close());
  const consumer = open.consume(writer, names);
  await publisher.publish(bytes('old'));
  const held = await consumer.next({ waitMs: 5_000 });

  // The writer's ack is on its way before it hears of anything.
  proxy.hold();
  const { jsm } = operator.session()!;
  await jsm.streams.delete(names.stream);
  await ensureEventStream(operator, { names, maxMessages: 100 });
  await publisher.publish(bytes('new 1'));
  await publisher.publish(bytes('new 2'));
  const acknowledging = consumer.ack([held!]);
  proxy.heal();
  await acknowledging;
  expect((await jsm.streams.info(names.stream)).state.messages).toBe(2);
  expect((await takeAll(consumer)).map(text)).toEqual(['new 1', 'new 2']);
});

test('a durable that is named without its stream, as it was before, is replaced; nothing is lost', async () => {
  const names = testNames();
  const nats = await connect();
  await ensureEventStream(nats, { names, maxMessages: 100 });
  const session = nats.session()!;
  const { jsm, js } = session;
  await jsm.consumers.add(names.stream, { durable_name: names.durable, ack_policy: AckPolicy.Explicit });
  for (const payload of ['a', 'b', 'c']) await js.publish(names.subject, payload);
  await (await js.pull(names.stream, names.durable, 2_000)).ackAck();
  await js.pull(names.stream, names.durable, 2_000);

  const consumer = open.consume(nats, names);
  const messages = await takeAll(consumer);
  expect(messages.map(text)).toEqual(['b', 'c']);
  await consumer.ack(messages);
  expect(await streamLag(nats, names)).toMatchObject({ pending: 0, ackPending: 0, messages: 0 });
  const { durable } = durableOf(session, names, await jsm.streams.info(names.stream));
  expect(await jsm.consumers.list(names.stream).next()).toMatchObject([{ name: durable }]);
});

test('a stream replaced between two publishes is noticed by its sequence', async () => {
  const names = testNames();
  const nats = await connect();
  const { epoch } = await ensureEventStream(nats, { names, maxMessages: 100 });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000, refreshMs: 3_600_000 });
  open.onClose(() => publisher.close());
  await publisher.publish(bytes('a'));
  await eventually(
    () => publisher.streamEpoch(),
    (seen) => seen === epoch,
  );
  await nats.session()!.jsm.streams.delete(names.stream);
  const again = await ensureEventStream(nats, { names, maxMessages: 100 });
  await publisher.publish(bytes('b'));
  expect(publisher.streamEpoch()).not.toBe(epoch);
  await eventually(
    () => publisher.streamEpoch(),
    (seen) => seen === again.epoch,
  );
});

test('never writes into another stream that listens on the subject', async () => {
  const names = testNames();
  const nats = await connect();
  await nats.session()!.jsm.streams.add({ name: `${names.stream}_other`, subjects: [names.subject] });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000 });
  open.onClose(() => publisher.close());
  await expect(publisher.publish(bytes('a'))).rejects.toMatchObject({
    code: 'no_stream',
    outcome: 'refused',
  });
});
