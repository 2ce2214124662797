import type { Outcome } from './run-seed.js';
import type { Totals } from './run-seeds.js';

const TRACE_LINES = 60;
const VIOLATIONS_SHOWN = 5;

/** What a failing seed was, for a person; `smaller` is a run of it with less in it. */
export function violationReport(outcome: Outcome, smaller: Outcome): string {
  const { plan } = smaller;
  const { faults, seed: _seed, ...sizes } = plan;
  return [
    `seed ${outcome.seed} is violated:`,
    ...outcome.violations.slice(0, VIOLATIONS_SHOWN).map((violation) => `  ${violation}`),
    `still so with no other faults than: ${[...faults].join(', ') || 'none'}`,
    `  ${JSON.stringify(sizes)}`,
    ...smaller.violations.slice(0, VIOLATIONS_SHOWN).map((violation) => `  ${violation}`),
    `the last ${TRACE_LINES} lines of that run:`,
    ...smaller.trace.slice(-TRACE_LINES),
  ].join('\n');
}

export function totalsReport(totals: Totals, seconds: number): string {
  const faults = [...totals.faults].sort(([a], [b]) => a.localeCompare(b));
  const injected = faults.reduce((sum, [, count]) => sum + count, 0);
  const figures: [string, string][] = [
    ['seeds', `${totals.seeds} in ${seconds.toFixed(1)} s, ${(totals.seeds / seconds).toFixed(0)} a second`],
    ['simulated', `${(totals.virtualMs / 3_600_000).toFixed(1)} hours, ${totals.steps} steps`],
    ['requests', `${totals.requests}, sent ${totals.attempts} times`],
    ['acknowledged', `${totals.acknowledged} events, ${totals.stored} stored`],
    ['faults', String(injected)],
    ...faults.map(([kind, count]): [string, string] => [`  ${kind}`, String(count)]),
    ['violated', String(totals.violated.length)],
  ];
  const width = Math.max(...figures.map(([name]) => name.length));
  return figures.map(([name, figure]) => `${name.padEnd(width)}  ${figure}`).join('\n');
}
