import type { DeadLetter } from '@event-analytics/nats-client';
import { buryLetters, type BuryOptions } from './bury-letters.js';
import { StoppedError } from './stopped.js';

const letter = (index: number): DeadLetter => ({
  payload: new Uint8Array(),
  reason: 'nul_character',
  error: 'words',
  streamSequence: 1,
  streamEpoch: '',
  index,
  attempts: 1,
});

function grave(failures: number) {
  const put: number[] = [];
  const buried: number[] = [];
  const stopping = new AbortController();
  let attempts = 0;
  const options: BuryOptions = {
    deadLetters: {
      put(l) {
        attempts += 1;
        if (attempts <= failures) return Promise.reject(new Error('no PubAck'));
        put.push(l.index);
        return Promise.resolve();
      },
    },
    onBuried: (l) => buried.push(l.index),
    onRetry: () => undefined,
    timing: { delayMs: () => 0, pause: () => Promise.resolve() },
    stopping: stopping.signal,
  };
  return { put, buried, stopping, options, attempts: () => attempts };
}

test('returns only when every letter is acknowledged, however often it must try', async () => {
  const g = grave(7);
  await buryLetters([letter(0), letter(1)], g.options);
  expect(g.put).toEqual([0, 1]);
  expect(g.buried).toEqual([0, 1]);
  expect(g.attempts()).toBe(9);
});

test('stopped before the acknowledgement: it throws, so that the message is not acknowledged', async () => {
  const g = grave(Infinity);
  g.stopping.abort();
  await expect(buryLetters([letter(0)], g.options)).rejects.toThrow(StoppedError);
  expect(g.buried).toEqual([]);
});
