export const count = (value: number): string => value.toLocaleString('en');

/** Three figures that count. */
export function short(value: number): string {
  if (Number.isNaN(value)) return 'not measured';
  return Math.abs(value) >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export const times = (value: number | undefined): string => (value === undefined ? '' : `${short(value)} ×`);

export const ratio = (own: number | undefined, other: number | undefined): number | undefined =>
  own === undefined || other === undefined ? undefined : own / other;

/** @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
