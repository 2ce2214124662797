import type { DeadLetter } from '@event-analytics/nats-client';
import { buryLetters, type BuryOptions } from './bury-letters.js';
import { StoppedError } from './stopped.js';

const letter = (index: number, bytes = 0): DeadLetter => ({
  payload: new Uint8Array(bytes),
  reason: 'nul_character',
  error: 'words',
  streamSequence: 1,
  streamEpoch: '',
  index,
  attempts: 1,
});
const letters = (count: number, bytes = 0): DeadLetter[] =>
  Array.from({ length: count }, (_, index) => letter(index, bytes));

/** A dead-letter stream that answers on the next turn, and refuses as `fails` says. */
function grave(fails: (index: number, attempt: number) => boolean = () => false) {
  const put: number[] = [];
  const buried: number[] = [];
  const retries: number[][] = [];
  const waits: number[] = [];
  const attempts = new Map<number, number>();
  const stopping = new AbortController();
  let atOnce = 0;
  let atOnceMax = 0;
  const options: BuryOptions = {
    deadLetters: {
      async put({ index }) {
        put.push(index);
        attempts.set(index, (attempts.get(index) ?? 0) + 1);
        atOnce += 1;
        atOnceMax = Math.max(atOnceMax, atOnce);
        await Promise.resolve();
        atOnce -= 1;
        if (fails(index, attempts.get(index) ?? 0)) throw new Error('no PubAck');
      },
    },
    onBuried: (l) => buried.push(l.index),
    onRetry: (failed) => retries.push(failed.map((l) => l.index)),
    timing: {
      delayMs: (attempt) => attempt,
      pause: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    },
    stopping: stopping.signal,
  };
  return { put, buried, retries, waits, attempts, stopping, options, atOnceMax: () => atOnceMax };
}

test('returns only when every letter is acknowledged, however often it must try', async () => {
  const g = grave((_index, attempt) => attempt <= 7);
  await buryLetters(letters(2), g.options);
  expect(g.buried.sort()).toEqual([0, 1]);
  expect(g.waits).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('only what failed is put again', async () => {
  const g = grave((index, attempt) => index % 100 === 5 && attempt <= 2);
  await buryLetters(letters(300), g.options);
  expect(g.buried.sort((a, b) => a - b)).toEqual(letters(300).map((l) => l.index));
  expect([...g.attempts].filter(([, n]) => n > 1)).toEqual([5, 105, 205].map((index) => [index, 3]));
  expect(g.retries).toEqual([
    [5, 105, 205],
    [5, 105, 205],
  ]);
});

test('many at once, within a bound of letters and one of bytes', async () => {
  const many = grave();
  await buryLetters(letters(1_000), many.options);
  expect(many.atOnceMax()).toBe(256);
  const large = grave();
  await buryLetters(letters(10, 1_024 * 1_024), large.options);
  expect(large.atOnceMax()).toBe(4);
  const huge = grave();
  await buryLetters([letter(0), letter(1, 9 * 1_024 * 1_024), letter(2)], huge.options);
  expect(huge.buried).toEqual([0, 1, 2]);
});

test('nothing is nothing', async () => {
  const g = grave();
  await buryLetters([], g.options);
  expect(g.put).toEqual([]);
});

test('stopped before the acknowledgement: it throws, so that the message is not acknowledged', async () => {
  const g = grave((index) => index === 1);
  g.stopping.abort();
  await expect(buryLetters(letters(2), g.options)).rejects.toThrow(StoppedError);
  expect(g.buried).toEqual([0]);
});
