import { barsLines } from '../bars.js';
import { machineText } from '../ingest/describe-servers.js';
import { REST } from '../ingest/process-usage.js';
import { count, median, ratio, short, times } from '../numbers.js';
import { table } from '../report-table.js';
import { BARS, perSecond } from './bars.js';
import type { CpuFigures, RowCpu } from './cpu.js';
import type { OurFigures } from './our-import.js';
import type { BenchResult } from './result.js';
import type { YardstickFigures } from './yardsticks.js';

const MB = 1_000_000;
/** More of the machine than this, taken by others, is said. */
const NOISE_SHARE_MAX = 0.1;

/** One run: ours or a yardstick. */
interface Run {
  name: string;
  rows: number;
  /** Ours: until all was folded. */
  seconds: number;
  storedSeconds?: number;
  peakBytes: number | undefined;
  cpu: CpuFigures | undefined;
}

/** The result for reading. */
export function reportOf(result: BenchResult): string {
  const { machine, options, fileBytes } = result;
  const runs = runsOf(result);
  return [
    `${fileBytes > 0 ? `${count(options.rows)} rows (${count(Math.round(fileBytes / MB))} MB)` : 'rows'} of ${count(options.days)} days, ${options.order === 'time' ? 'in order of time' : 'in no order'}, ${count(options.users)} users, ${count(options.types)} types, folded for ${options.zones.join(', ')}; ${machineText(machine)}; ${count(Math.round(result.seconds))} s in all`,
    ...runLines(result, runs),
    ...cpuLines(runs),
    ...detailLines(result, runs),
    ...barsLines(BARS, result),
  ].join('\n');
}

function runsOf({ imports, copy = [], peer, scale }: BenchResult): Run[] {
  const numbered = (name: string, i: number, all: readonly unknown[]) =>
    all.length === 1 ? name : `${name}, ${String(i + 1)}`;
  const ours = (name: string, figures: OurFigures): Run => ({
    ...figures,
    name,
    seconds: figures.foldedSeconds,
  });
  const other = (name: string, figures: YardstickFigures): Run => ({ ...figures, name });
  return [
    ...imports.map((figures, i) => ours(numbered('our import', i, imports), figures)),
    ...copy.map((figures, i) => other(numbered('\\copy', i, copy), figures)),
    ...(peer ? [other('fast-csv, INSERT', peer)] : []),
    ...(scale
      ? [...scale.base, scale.large].map((figures) => ours(`ours, ${count(figures.rows)}`, figures))
      : []),
  ];
}

function runLines({ imports }: BenchResult, runs: readonly Run[]): string[] {
  if (runs.length === 0) return [];
  const own = imports.length === 0 ? undefined : median(imports.map(perSecond));
  return [
    '',
    ...table([
      ['', 'rows', 'rows/s', 'µs a row', 'stored s', 'folded s', 'peak MB', 'ours / it'],
      ...runs.map(({ name, rows, seconds, storedSeconds, peakBytes }) => [
        name,
        count(rows),
        count(Math.round(rows / seconds)),
        short((1_000_000 * seconds) / rows),
        short(storedSeconds ?? seconds),
        storedSeconds === undefined ? '' : short(seconds),
        peakBytes === undefined ? '' : short(peakBytes / MB),
        storedSeconds === undefined ? times(ratio(own, rows / seconds)) : '',
      ]),
    ]),
  ];
}

/** Where the time goes: a row's, by process, and PostgreSQL's by who asked. */
function cpuLines(runs: readonly Run[]): string[] {
  const measured = runs.flatMap(({ name, cpu }) => (cpu === undefined ? [] : [{ name, cpu }]));
  if (measured.length === 0) return [];
  const names = (of: (cpu: CpuFigures) => Record<string, RowCpu>) => [
    ...new Set(measured.flatMap(({ cpu }) => Object.keys(of(cpu)))),
  ];
  const lines = (of: (cpu: CpuFigures) => Record<string, RowCpu>, prefix: string) =>
    names(of)
      .filter((name) => measured.some(({ cpu }) => (of(cpu)[name]?.micros ?? 0) >= MICROS_SHOWN_MIN))
      .map((name) => [`${prefix}${name}`, ...measured.map(({ cpu }) => cell(of(cpu)[name]))]);
  return [
    '',
    ...table([
      ['CPU, µs a row (of it the kernel)', ...measured.map(({ name }) => name)],
      ...lines(({ processes }) => processes, ''),
      ...lines(({ backends }) => backends, 'PostgreSQL for: '),
    ]),
  ];
}

const MICROS_SHOWN_MIN = 0.02;

function cell(cpu: RowCpu | undefined): string {
  if (cpu === undefined) return '';
  const { micros, systemMicros } = cpu;
  return systemMicros === undefined ? micros.toFixed(2) : `${micros.toFixed(2)} (${systemMicros.toFixed(2)})`;
}

function detailLines(result: BenchResult, runs: readonly Run[]): string[] {
  const { again, meanwhile, recount, imports, machine } = result;
  const lines: string[] = [];
  const own = imports[0];
  if (own)
    lines.push(
      `${count(own.inserted)} rows are in the table and in the statistics, ${count(own.rejected)} were rejected, as the file has them`,
    );
  if (recount)
    lines.push(
      `recount: ${count(recount.compared)} numbers, ${count(recount.differing)} differences, ${short(recount.seconds)} s`,
    );
  if (again) lines.push(`the same file again: ${count(again.added)} rows added, ${short(again.seconds)} s`);
  if (meanwhile) {
    const { before, during, after, imported, importSeconds, ranThroughout } = meanwhile;
    lines.push(
      `gateway, batches of 100: ${rate(before)} events/s alone, ${rate(during)} while an import runs (p99 ${short(during.latencyMs.p99)} ms), ${rate(after)} alone again; meanwhile ${count(imported)} rows were imported in ${short(importSeconds)} s, and all that was acknowledged is counted`,
    );
    if (!ranThroughout)
      lines.push('the import ended before the load did, so that says nothing: --rows, --load-seconds');
  }
  for (const { name, rows, seconds, cpu } of runs) {
    const share = ((cpu?.processes[REST]?.micros ?? 0) * rows) / 1_000_000 / seconds / machine.cores;
    if (share > NOISE_SHARE_MAX)
      lines.push(
        `others took ${short(100 * share)} % of the machine during ${name}: its figures are too low`,
      );
  }
  return lines.length === 0 ? [] : ['', ...lines];
}

const rate = ({ eventsPerSecond }: { eventsPerSecond: number }): string => count(Math.round(eventsPerSecond));
