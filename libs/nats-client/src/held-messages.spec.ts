import { createHeldMessages } from './held-messages.js';

const EPOCH = '2024-03-04T00:00:00Z';
const delivery = (sequence: number, o: { count?: number; nanos?: string; size?: number } = {}) => ({
  data: new Uint8Array(o.size ?? 10),
  reply: `$JS.ACK.S.w.${String(o.count ?? 1)}.${String(sequence)}.1.${o.nanos ?? `170954640012345678${String(sequence % 10)}`}.0`,
});

function ledger() {
  let nowMs = 1_000;
  const held = createHeldMessages({ clock: () => nowMs });
  return { held, at: (ms: number) => (nowMs = ms) };
}

test('gives out in order, each once, and forgets on release', () => {
  const { held } = ledger();
  for (const sequence of [1, 2, 3]) expect(held.accept(delivery(sequence), EPOCH)).toBe('new');
  expect(held).toMatchObject({ count: 3, untaken: 3 });
  const taken = [held.take(), held.take(), held.take()];
  expect(taken.map((m) => m?.streamSequence)).toEqual([1, 2, 3]);
  expect(held.take()).toBeUndefined();
  expect(held.release(taken[1]!)).toContain('$JS.ACK.S.w.1.2.');
  expect(held.release(taken[1]!)).toBeUndefined();
  expect(held.count).toBe(2);
});

test('counts bytes exactly, overhead included', () => {
  const { held } = ledger();
  held.accept(delivery(1, { size: 1_000 }), EPOCH);
  const bytesOfOne = held.bytes;
  held.accept(delivery(2, { size: 1_000 }), EPOCH);
  expect(held.bytes).toBe(2 * bytesOfOne);
  expect(bytesOfOne).toBeGreaterThan(1_000);
  held.release(held.take()!);
  held.release(held.take()!);
  expect(held.bytes).toBe(0);
});

test('a redelivery of what is held is not given out again, and is acknowledged by its newer subject', () => {
  const { held } = ledger();
  held.accept(delivery(5), EPOCH);
  expect(held.accept(delivery(5, { count: 2 }), EPOCH)).toBe('again');
  expect(held.untaken).toBe(1);
  expect(held.release(held.take()!)).toContain('.w.2.5.');
});

test('a sequence with another time is another stream', () => {
  const { held } = ledger();
  held.accept(delivery(5), EPOCH);
  expect(held.accept(delivery(5, { nanos: '1809546400123456789' }), EPOCH)).toBe('contradiction');
});

test('what is no delivery is told apart', () => {
  const { held } = ledger();
  expect(held.accept({ data: new Uint8Array(), reply: undefined }, EPOCH)).toBe('foreign');
});

test('keep-alives go to what the server has not heard of for a while', () => {
  const { held, at } = ledger();
  held.accept(delivery(1), EPOCH);
  at(5_000);
  held.accept(delivery(2), EPOCH);
  expect(held.touch(4_000)).toHaveLength(1);
  expect(held.touch(4_000)).toHaveLength(0);
  at(20_000);
  expect(held.touch(10_000)).toHaveLength(2);
});

test('dropping what is untaken leaves what is in hand', () => {
  const { held } = ledger();
  for (const sequence of [1, 2, 3]) held.accept(delivery(sequence), EPOCH);
  const inHand = held.take()!;
  expect(held.dropUntaken()).toHaveLength(2);
  expect(held.take()).toBeUndefined();
  expect(held.count).toBe(1);
  expect(held.release(inHand)).toBeDefined();
});

test('of a replaced stream, what is untaken is still given out, but nothing of it is acknowledged', () => {
  const { held } = ledger();
  held.accept(delivery(1), EPOCH);
  held.accept(delivery(2), EPOCH);
  const inHand = held.take()!;
  held.disown();
  expect(held).toMatchObject({ count: 0, bytes: 0, untaken: 1 });
  expect(held.accept(delivery(1, { nanos: '1809546400123456789' }), 'later')).toBe('new');
  expect(held.release(inHand)).toBeUndefined();
  expect(held.release(held.take()!)).toBeUndefined();
  expect(held.release(held.take()!)).toContain('1809546400123456789');
});

test('memory of what was taken is let go', () => {
  const { held } = ledger();
  for (let round = 0; round < 5; round += 1) {
    for (let i = 0; i < 2_000; i += 1) held.accept(delivery(round * 2_000 + i + 1), EPOCH);
    for (let message = held.take(); message; message = held.take()) held.release(message);
  }
  expect(held).toMatchObject({ count: 0, bytes: 0, untaken: 0 });
});
