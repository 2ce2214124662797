/** How many rows may be rejected before an import stops: so many, or so many of a hundred. */
export type MaxRejects = { rows: number } | { percent: number };

/** Of so few rows a share says nothing yet. */
const ROWS_FOR_A_SHARE = 1_000;

const FORM = /^(\d+(?:\.\d+)?)(%?)$/;

/** @returns undefined when the text is neither a whole number nor a percentage up to 100 % */
export function parseMaxRejects(text: string): MaxRejects | undefined {
  const [, digits = '', sign] = FORM.exec(text.trim()) ?? [];
  const value = Number(digits);
  if (digits === '') return undefined;
  if (sign === '%') return value <= 100 ? { percent: value } : undefined;
  return Number.isSafeInteger(value) ? { rows: value } : undefined;
}

/** @param ended whether all rows were read: then a share of few rows counts as well */
export function areTooMany(
  max: MaxRejects,
  { rows, rejected }: { rows: number; rejected: number },
  ended: boolean,
): boolean {
  if ('rows' in max) return rejected > max.rows;
  return (ended || rows >= ROWS_FOR_A_SHARE) && 100 * rejected > max.percent * rows;
}
