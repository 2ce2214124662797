import {
  DEFAULT_STREAM_NAMES,
  StreamUnavailableError,
  type IndexedLetter,
  type StoredDeadLetter,
} from '@event-analytics/nats-client';
import { PayloadError } from './replay-messages.js';
import type { Shelf } from './shelf.js';
import { workThrough } from './work-through.js';

const places: IndexedLetter[] = Array.from({ length: 6 }, (_, i) => ({
  sequence: i + 1,
  copies: [],
  reason: 'r',
}));
const stored = (place: IndexedLetter): StoredDeadLetter => ({
  ...place,
  payload: new Uint8Array(),
  storedAtMs: 0,
  error: '',
  streamSequence: 1,
  streamEpoch: '',
  index: 0,
  attempts: 1,
  receivedAt: undefined,
});

/** Six letters in pages of two. */
async function work(through: (sequence: number) => void, o: { missing?: number[]; wasMade?: boolean } = {}) {
  const said: string[] = [];
  const tried: number[] = [];
  const interruption = new AbortController();
  const say = (_event: string, text: string): void => void said.push(text);
  const shelf: Pick<Shelf, 'names' | 'read'> = {
    names: DEFAULT_STREAM_NAMES,
    async *read() {
      for (let at = 0; at < places.length; at += 2) {
        await Promise.resolve();
        yield places.slice(at, at + 2).map(stored);
      }
    },
  };
  const result = await workThrough(
    { letters: places, missing: o.missing ?? [] },
    {
      shelf,
      wasMade: o.wasMade ?? true,
      event: 'done',
      work: async ({ sequence }) => {
        tried.push(sequence);
        await Promise.resolve();
        if (sequence === 4 && through === interrupt) interruption.abort('SIGTERM');
        else through(sequence);
        return 'done';
      },
      messages: { info: say, error: say },
      signal: interruption.signal,
    },
  );
  return { ...result, said, tried };
}
const interrupt = (): void => undefined;
const unavailable = (code: StreamUnavailableError['code']) =>
  new StreamUnavailableError(code, 'refused', `it is ${code}`);

test('all done', async () => {
  const { tally, exitCode, said } = await work(() => undefined);
  expect(tally).toEqual({ done: 6, failed: 0, missing: 0, untried: 0 });
  expect(exitCode).toBe(0);
  expect(said).toHaveLength(6);
});

test.each([new PayloadError('no JSON'), unavailable('too_large'), unavailable('rejected')])(
  'what is wrong with one letter keeps no other: %p',
  async (error) => {
    const { tally, exitCode, said } = await work((sequence) => {
      if (sequence === 3) throw error;
    });
    expect(tally).toEqual({ done: 5, failed: 1, missing: 0, untried: 0 });
    expect(exitCode).toBe(3);
    expect(said[2]).toBe(`3: ${error.message}`);
  },
);

test.each([unavailable('stream_full'), unavailable('disconnected'), new Error('TIMEOUT')])(
  'where NATS fails the page in hand is the last: %p',
  async (error) => {
    const { tally, exitCode, tried } = await work((sequence) => {
      if (sequence === 3) throw error;
    });
    expect(tried).toEqual([1, 2, 3, 4]);
    expect(tally).toEqual({ done: 3, failed: 1, missing: 0, untried: 2 });
    expect(exitCode).toBe(1);
  },
);

test('a signal lets the page in hand finish', async () => {
  const { tally, exitCode } = await work(interrupt);
  expect(tally).toEqual({ done: 4, failed: 0, missing: 0, untried: 2 });
  expect(exitCode).toBe(143);
});

test('what is not there is said, and the others are done', async () => {
  const { tally, exitCode, said } = await work(() => undefined, { missing: [9] });
  expect(tally).toEqual({ done: 6, failed: 0, missing: 1, untried: 0 });
  expect(exitCode).toBe(3);
  expect(said[0]).toMatch(/^there is no dead letter 9/);
  expect((await work(() => undefined, { missing: [9], wasMade: false })).said[0]).toMatch(/was never made/);
});
