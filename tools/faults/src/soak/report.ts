import { quantile } from '../ledger.js';
import { killsIn } from './cast.js';
import { number, seconds } from './figures.js';
import { NATS_FAULTS, type SoakResult } from './run-soak.js';

const listed = (entries: readonly (readonly [string | number, number])[]): string =>
  entries.map(([what, n]) => `${what}: ${number(n)}`).join(', ') || 'none';

function backOf(durationsMs: readonly number[]): string {
  if (durationsMs.length === 0) return 'not hit alone';
  const [median, longest] = [quantile(durationsMs, 0.5), Math.max(...durationsMs)];
  return `median ${seconds(median)}, longest ${seconds(longest)}, of ${durationsMs.length}`;
}

/** What a soak prints at its end. */
export function soakReport(r: SoakResult): string {
  const killed = killsIn(r.kills);
  const rows: [string, string][] = [
    ['seed', `${r.seed}, ${r.minutes} minutes`],
    ['requests', `${number(r.requests)} (${listed(r.answers)})`],
    [
      'events',
      `${number(r.check.sent)} sent, ${number(r.check.acknowledged)} acknowledged, ${number(r.check.rows)} stored`,
    ],
    ['kills', `${number(killed)} (${listed(Object.entries(r.kills))})`],
    ['other faults', listed(Object.entries(r.others))],
    ['statistics asked', listed(r.statsAnswers)],
    ...NATS_FAULTS.map((hit): [string, string] => [`back after ${hit}`, backOf(r.backAfterMs[hit])]),
    ['drained', seconds(r.drainedMs)],
    ['lost', number(r.check.lost)],
    ['doubled', number(r.check.doubled)],
    ['recount', `${number(r.check.differing)} differences of ${number(r.check.compared)}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
  if (r.violations.length === 0) return `${table}\n\nAll of it holds.`;
  const broken = r.violations.map((violation) => `- ${violation}`).join('\n');
  return `${table}\n\nBroken:\n${broken}\n\nAgain: npm run soak -- --minutes ${r.minutes} --seed ${r.seed}`;
}
