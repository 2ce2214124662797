/** An answer taken apart: what each number stands for (`2024-03-04`, `cohort 3, offset 2`) and the number. */
export type Cells = ReadonlyMap<string, number>;

export interface Source {
  name: string;
  cells: Cells;
}

/** The first cell that the two do not have alike, in words; undefined where there is none. One not named is 0. */
export function firstDifference(question: string, one: Source, other: Source): string | undefined {
  const names = new Set([...one.cells.keys(), ...other.cells.keys()]);
  for (const cell of names) {
    const [a, b] = [one.cells.get(cell) ?? 0, other.cells.get(cell) ?? 0];
    if (a !== b) return `${question}, ${cell}: ${one.name} says ${String(a)}, ${other.name} ${String(b)}`;
  }
  return undefined;
}
