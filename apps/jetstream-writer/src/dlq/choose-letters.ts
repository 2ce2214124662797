import type { IndexedLetter } from '@event-analytics/nats-client';

export type Selection =
  { by: 'all' } | { by: 'reason'; reason: string } | { by: 'sequence'; sequences: number[] };

export interface Chosen {
  letters: IndexedLetter[];
  /** Sequences asked for at which no letter is. */
  missing: number[];
}

/** A copy's sequence stands for its letter. */
export function chooseLetters(index: readonly IndexedLetter[], selection: Selection): Chosen {
  if (selection.by === 'all') return { letters: [...index], missing: [] };
  if (selection.by === 'reason') {
    return { letters: index.filter(({ reason }) => reason === selection.reason), missing: [] };
  }
  const at = new Map(
    index.flatMap((letter) => [letter.sequence, ...letter.copies].map((sequence) => [sequence, letter])),
  );
  const letters = new Set<IndexedLetter>();
  const missing = new Set<number>();
  for (const sequence of selection.sequences) {
    const letter = at.get(sequence);
    if (letter) letters.add(letter);
    else missing.add(sequence);
  }
  return { letters: [...letters], missing: [...missing] };
}

/** How many letters there are of each reason, the most frequent first. */
export function countByReason(index: readonly IndexedLetter[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of index) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}
