import { mayMount } from '@event-analytics/testkit';

/**
 * The rows of the table of faults, as tests. `npm run test:faults` sets FAULTS=full: every row as the table says, with
 * nothing else running. In `npm test` it is the same rows with fewer kills, and bounds of time that a busy machine
 * can keep.
 */
export const full = process.env['FAULTS'] === 'full';

/** How often a fault is made. */
export const times = (inFull: number, inTest: number): number => (full ? inFull : inTest);

/** A bound of time, in milliseconds. */
export const bound = (ms: number): number => (full ? ms : ms * 4);

export const SEED = Number(process.env['FAULTS_SEED'] ?? 20_261_124);

const ROW_TIMEOUT_MS = 180_000;

/** One row; several tests may be of the same. The report of `npm run test:faults` goes by their names. */
export function row(
  number: number,
  fault: string,
  body: () => Promise<void>,
  o: {
    timeoutMs?: number;
    /** It mounts something. */
    needsRoot?: boolean;
    onlyFull?: boolean;
    /** Why there is nothing to test here; undefined: there is. */
    doesNotApply?: string | undefined;
  } = {},
): void {
  const name = `row ${number}: ${fault}`;
  const why =
    o.doesNotApply ?? (o.needsRoot && !mayMount() ? 'needs root' : o.onlyFull && !full ? 'slow' : '');
  if (why) test.skip(`${name} (${why})`, body);
  else test(name, body, o.timeoutMs ?? ROW_TIMEOUT_MS);
}
