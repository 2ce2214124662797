import type { ColumnstoreProbe } from '../queries/columnstore_probe.js';

/** What has to be done so that chunks are compressed as the settings say. */
export type ColumnstoreChange =
  { kind: 'none' } | { kind: 'not_offered' } | { kind: 'remove' } | { kind: 'set'; days: number };

/** @param compressAfterDays 0: never */
export function columnstoreChange(probe: ColumnstoreProbe, compressAfterDays: number): ColumnstoreChange {
  if (probe.license !== 'timescale' || probe.dialect === 'none') return { kind: 'not_offered' };
  if (compressAfterDays === 0) return { kind: probe.policyDays === undefined ? 'none' : 'remove' };
  if (probe.enabled && probe.policyDays === compressAfterDays) return { kind: 'none' };
  return { kind: 'set', days: compressAfterDays };
}
