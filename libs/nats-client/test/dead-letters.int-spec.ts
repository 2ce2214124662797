import {
  createDeadLetters,
  ensureEventStream,
  indexDeadLetters,
  readDeadLetters,
  removeDeadLetter,
  replayDeadLetter,
  WHOLE_MESSAGE,
  type DeadLetter,
  type LetterPlace,
  type NatsConnectionHandle,
  type StoredDeadLetter,
  type StreamNames,
} from '../src/index.js';
import { testServers } from '@event-analytics/testkit';
import { bytes, opened, takeAll, testNames, text } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

async function graveyard(o: { maxMessages?: number; maxLetters?: number; clock?: () => number } = {}) {
  const names = testNames();
  const nats = await open.connect(testServers().natsUrl);
  await ensureEventStream(nats, { names, maxMessages: o.maxMessages ?? 100_000 });
  const letters = createDeadLetters(nats, {
    names,
    ...(o.maxLetters !== undefined && { maxMessages: o.maxLetters }),
    ...(o.clock && { clock: o.clock }),
  });
  return { names, nats, letters };
}

const letter = (streamSequence: number, o: Partial<DeadLetter> = {}): DeadLetter => ({
  payload: bytes(`payload ${String(streamSequence)}`),
  reason: 'nul_character',
  error: 'words',
  streamSequence,
  streamEpoch: '2024-03-04T00:00:00Z',
  index: 0,
  attempts: 2,
  receivedAt: '2024-03-04T10:00:00.000Z',
  ...o,
});

async function readAll(
  nats: NatsConnectionHandle,
  names: StreamNames,
  places: readonly LetterPlace[],
): Promise<StoredDeadLetter[]> {
  const all: StoredDeadLetter[] = [];
  for await (const page of readDeadLetters(nats, names, places)) all.push(...page);
  return all;
}

test('before anything was put there is no stream and nothing to read', async () => {
  const { names, nats, letters } = await graveyard();
  expect(await indexDeadLetters(nats, names)).toBeUndefined();
  expect(await letters.backlog()).toEqual({ messages: 0, oldestAgeSeconds: 0 });
});

test('letters come back as they were put, the oldest first, over several pages', async () => {
  const { names, nats, letters } = await graveyard();
  // More than one page of headers and of letters.
  const count = 1_203;
  await letters.put(
    letter(1, { reason: 'invalid_json', index: WHOLE_MESSAGE, payload: Uint8Array.of(0, 255) }),
  );
  await Promise.all(Array.from({ length: count - 1 }, (_, i) => letters.put(letter(i + 2))));

  const index = (await indexDeadLetters(nats, names)) ?? [];
  expect(index.map(({ sequence }) => sequence)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  expect(index[0]).toEqual({ sequence: 1, copies: [], reason: 'invalid_json' });

  const read = await readAll(nats, names, index);
  expect(read).toHaveLength(count);
  expect(new Set(read.map((l) => l.streamSequence)).size).toBe(count);
  expect([...(read[0]?.payload ?? [])]).toEqual([0, 255]);
  const { payload, storedAtMs, ...story } = read.find((l) => l.streamSequence === 700)!;
  expect(Buffer.from(payload).toString()).toBe('payload 700');
  expect(Math.abs(storedAtMs - Date.now())).toBeLessThan(60_000);
  const { payload: _payload, ...put } = letter(700);
  expect(story).toMatchObject({ ...put, copies: [] });
  // Nothing of the reading stays behind.
  const { state } = await nats.session()!.jsm.streams.info(names.deadLetterStream);
  expect(state.consumer_count).toBe(0);
});

test('a letter that was put twice is one, however far apart, and is removed as one', async () => {
  const { names, nats, letters } = await graveyard();
  await letters.put(letter(7));
  for (let i = 0; i < 600; i += 1) await letters.put(letter(100 + i));
  await letters.put(letter(7, { attempts: 3 }));
  // Neither of these is the same event.
  await letters.put(letter(7, { index: 1 }));
  await letters.put(letter(7, { streamEpoch: '2025-03-04T00:00:00Z' }));

  const index = (await indexDeadLetters(nats, names)) ?? [];
  expect(index).toHaveLength(603);
  const twice = index.find(({ sequence }) => sequence === 1)!;
  expect(twice.copies).toEqual([602]);
  expect(await removeDeadLetter(nats, names, twice)).toBe(true);
  expect(await removeDeadLetter(nats, names, twice)).toBe(false);
  expect(await readAll(nats, names, [twice])).toEqual([]);
  expect((await indexDeadLetters(nats, names))?.map(({ sequence }) => sequence).slice(-2)).toEqual([
    603, 604,
  ]);
});

test('what somebody else put there is a whole message without a story, and never another’s copy', async () => {
  const { names, nats, letters } = await graveyard();
  await letters.put(letter(1));
  const { js } = nats.session()!;
  await js.publish(names.deadLetterSubject, bytes('by hand'));
  await js.publish(names.deadLetterSubject, bytes('by hand'));
  const index = (await indexDeadLetters(nats, names)) ?? [];
  expect(index.slice(1)).toEqual([
    { sequence: 2, copies: [], reason: 'unknown' },
    { sequence: 3, copies: [], reason: 'unknown' },
  ]);
  const [byHand] = await readAll(nats, names, index.slice(1));
  expect(byHand).toMatchObject({
    index: WHOLE_MESSAGE,
    error: '',
    attempts: undefined,
    receivedAt: undefined,
  });
});

test('replay: in the event stream first, then gone from the dead letters', async () => {
  const { names, nats, letters } = await graveyard();
  await letters.put(letter(1));
  const [place] = (await indexDeadLetters(nats, names)) ?? [];
  const states: number[] = [];
  await replayDeadLetter(nats, names, place!, {
    messages: [bytes('a'), bytes('b')],
    onPublished: () => states.push(1),
  });
  expect(states).toEqual([1]);
  expect(await indexDeadLetters(nats, names)).toEqual([]);
  expect((await takeAll(open.consume(nats, names))).map(text)).toEqual(['a', 'b']);
});

test('an event stream that takes no more: the letter stays', async () => {
  const { names, nats, letters } = await graveyard({ maxMessages: 1 });
  await letters.put(letter(1));
  await letters.put(letter(2));
  const [first, second] = (await indexDeadLetters(nats, names)) ?? [];
  await replayDeadLetter(nats, names, first!, { messages: [bytes('a')] });
  await expect(replayDeadLetter(nats, names, second!, { messages: [bytes('b')] })).rejects.toMatchObject({
    code: 'stream_full',
    outcome: 'refused',
  });
  await nats.session()!.jsm.streams.delete(names.stream);
  await expect(replayDeadLetter(nats, names, second!, { messages: [bytes('b')] })).rejects.toMatchObject({
    code: 'no_stream',
  });
  expect(await indexDeadLetters(nats, names)).toEqual([{ sequence: 2, copies: [], reason: 'nul_character' }]);
});

test('the age of the oldest is that of the oldest that is left', async () => {
  let nowMs = Date.now();
  const { names, nats, letters } = await graveyard({ clock: () => nowMs });
  await letters.put(letter(1));
  nowMs += 3_600_000;
  const aged = await letters.backlog();
  expect(aged?.messages).toBe(1);
  expect(aged?.oldestAgeSeconds).toBeGreaterThan(3_500);
  const [place] = (await indexDeadLetters(nats, names)) ?? [];
  await removeDeadLetter(nats, names, place!);
  expect(await letters.backlog()).toEqual({ messages: 0, oldestAgeSeconds: 0 });
});

test('many put at once before there is a stream: it is made, and all of them are there', async () => {
  const { names, nats, letters } = await graveyard();
  await Promise.all(Array.from({ length: 256 }, (_, i) => letters.put(letter(i))));
  expect(await indexDeadLetters(nats, names)).toHaveLength(256);
});

test('a full dead-letter stream takes as many of those put at once as it has room for, and refuses the rest', async () => {
  const { letters } = await graveyard({ maxLetters: 10 });
  const results = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => letters.put(letter(i))));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect((await letters.backlog())?.messages).toBe(10);
});
