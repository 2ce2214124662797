import { portableUserSets } from '@event-analytics/user-sets';
import { StatementTimeoutError } from '../errors.js';
import { timeLimit, usePieces } from './compute.js';
import type { Piece } from './question.js';

/** Each takes longer than one turn. */
function slowPieces(count: number) {
  const used = { pieces: 0 };
  const use = (): void => {
    used.pieces += 1;
    for (const began = performance.now(); performance.now() - began < 12;);
  };
  return { pieces: Array.from({ length: count }, (): Piece => ({ ranges: [], use })), used };
}
const noUsers = () => portableUserSets.empty();

describe('usePieces', () => {
  it('lets others have their turn', async () => {
    const { pieces, used } = slowPieces(5);
    const computed = usePieces(pieces, noUsers, timeLimit(60_000));
    await new Promise((resolve) => setImmediate(resolve));
    expect(used.pieces).toBeLessThan(5);
    await computed;
    expect(used.pieces).toBe(5);
  });

  it('ends when it takes too long', async () => {
    const { pieces, used } = slowPieces(100);
    await expect(usePieces(pieces, noUsers, timeLimit(30))).rejects.toThrow(StatementTimeoutError);
    expect(used.pieces).toBeLessThan(100);
  });
});
