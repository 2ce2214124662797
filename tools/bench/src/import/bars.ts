import { missedOf, type FigureBar } from '../bars.js';
import { median, ratio } from '../numbers.js';
import type { BenchResult } from './result.js';
import type { OurFigures } from './our-import.js';

const MB = 1_000_000;

/** What issue 7 calls "Must reach". */
export const BARS: readonly FigureBar<BenchResult>[] = [
  { name: 'our import, folded / \\copy', atLeast: 0.5, unit: '×', figure: timesCopy },
  { name: 'the same, stretch', atLeast: 0.8, unit: '×', figure: timesCopy, stretch: true },
  {
    name: 'our import, folded / fast-csv with INSERT',
    atLeast: 4,
    unit: '×',
    figure: ({ imports, peer }) => peer && ratio(median(imports.map(perSecond)), peer.rows / peer.seconds),
  },
  { name: 'memory of our import', below: 300, unit: 'MB', figure: peakMb },
  {
    name: 'a row of the large file / of the small one',
    atMost: 1.15,
    unit: '×',
    figure: ({ scale }) => scale && ratio(median(scale.base.map(perSecond)), perSecond(scale.large)),
  },
  {
    name: 'gateway while an import runs / alone',
    atLeast: 0.5,
    unit: '×',
    figure: ({ meanwhile }) => {
      if (meanwhile === undefined) return undefined;
      const { before, during, after, ranThroughout } = meanwhile;
      if (!ranThroughout) return NaN;
      return (2 * during.eventsPerSecond) / (before.eventsPerSecond + after.eventsPerSecond);
    },
  },
];

/** Each figure that misses its bar, in words. */
export const missedBars = (result: BenchResult): string[] => missedOf(BARS, result, 'issue 7, "Must reach"');

/** Until the statistics answer for all of them. */
export const perSecond = ({ rows, foldedSeconds }: OurFigures): number => rows / foldedSeconds;

/** Each turn against the one beside it, and of these the one in the middle: noise hits both, or is left out. */
function timesCopy({ imports, copy }: BenchResult): number | undefined {
  if (copy === undefined || imports.length === 0) return undefined;
  return median(
    imports.map((own, turn) => {
      const other = copy[turn];
      return other === undefined ? NaN : perSecond(own) / (other.rows / other.seconds);
    }),
  );
}

function peakMb({ imports, scale }: BenchResult): number | undefined {
  const all = [...imports, ...(scale ? [...scale.base, scale.large] : [])];
  const peaks = all.map(({ peakBytes }) => peakBytes).filter((bytes) => bytes !== undefined);
  return peaks.length === 0 ? undefined : Math.max(...peaks) / MB;
}
