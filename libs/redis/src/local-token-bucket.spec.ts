import { createLocalTokenBucket } from './local-token-bucket.js';

function bucketAt(o: { capacity: number; windowSeconds: number; maxKeys?: number }) {
  let nowMs = 1_000;
  const bucket = createLocalTokenBucket({ maxKeys: 10, ...o, clock: () => nowMs });
  return { take: (key = 'a') => bucket.take(key), pass: (ms: number) => (nowMs += ms) };
}

describe('local token bucket', () => {
  it('gives its capacity at once, then refuses and says for how long', async () => {
    const { take } = bucketAt({ capacity: 3, windowSeconds: 60 });
    expect(await take()).toEqual({ allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 20_000 });
    await take();
    expect(await take()).toEqual({ allowed: true, remaining: 0, retryAfterMs: 20_000, resetMs: 60_000 });
    expect(await take()).toEqual({ allowed: false, remaining: 0, retryAfterMs: 20_000, resetMs: 60_000 });
  });

  it('refills evenly, not all at once', async () => {
    const { take, pass } = bucketAt({ capacity: 3, windowSeconds: 60 });
    for (let i = 0; i < 3; i++) await take();
    pass(19_999);
    expect((await take()).allowed).toBe(false);
    pass(1);
    expect((await take()).allowed).toBe(true);
    expect((await take()).allowed).toBe(false);
  });

  it('never holds more than its capacity', async () => {
    const { take, pass } = bucketAt({ capacity: 2, windowSeconds: 1 });
    await take();
    pass(3_600_000);
    const allowed = [await take(), await take(), await take()].map((r) => r.allowed);
    expect(allowed).toEqual([true, true, false]);
  });

  it('keeps keys apart', async () => {
    const { take } = bucketAt({ capacity: 1, windowSeconds: 60 });
    expect((await take('a')).allowed).toBe(true);
    expect((await take('b')).allowed).toBe(true);
    expect((await take('a')).allowed).toBe(false);
  });

  it('forgets the key unused for longest beyond maxKeys', async () => {
    const { take } = bucketAt({ capacity: 1, windowSeconds: 60, maxKeys: 2 });
    await take('old');
    await take('young');
    await take('old');
    await take('new'); // pushes `young` out, for `old` was used since
    expect((await take('old')).allowed).toBe(false);
    expect((await take('young')).allowed).toBe(true);
  });
});
