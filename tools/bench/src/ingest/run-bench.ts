import { GIB } from '../disk-room.js';
import type { Progress } from '../queries/progress.js';
import { describeStack } from './describe-servers.js';
import { benchGatewayAlone } from './gateway-alone.js';
import { startLoadGenerator } from './load/load-client.js';
import type { BenchOptions, Part } from './options.js';
import { createUsageMeter } from './process-usage.js';
import type { BenchResult } from './result.js';
import { startStack } from './stack.js';
import { benchThroughAll, SHARES } from './through-all.js';

/** Nothing is faster than this: for what the run may need of the disk. */
const EVENTS_PER_SECOND_MAX = 150_000;
/** In the stream, in the database with its log, as CSV, and copied. */
const BYTES_AN_EVENT = 900;
const BYTES_BESIDE = 3 * GIB;
const START_SECONDS = 25;

/** @throws NotCountedExactly when database or statistics differ from what was acknowledged */
export async function runBench(options: BenchOptions, progress: Progress): Promise<BenchResult> {
  const beganMs = performance.now();
  const minutes = Math.ceil(estimatedSeconds(options) / 30) / 2;
  progress(`${options.parts.join(', ')}: about ${String(minutes)} minutes`);
  const { builds, env, connections, turns, turnSeconds, parts } = options;
  const bytesNeeded = BYTES_BESIDE + options.seconds * 2 * EVENTS_PER_SECOND_MAX * BYTES_AN_EVENT;
  const stack = await startStack({ bytesNeeded, builds, env, progress });
  const load = startLoadGenerator({ users: options.users, seed: Date.now() % 2 ** 31 });
  try {
    const meter = createUsageMeter();
    if (meter === undefined) progress('no /proc: CPU and memory by process are left out');
    const measuring = { load, meter, progress };
    const result: BenchResult = {
      machine: { ...(await describeStack(stack)), processUsage: meter !== undefined },
      options,
      counted: { events: 0 },
      seconds: 0,
    };
    if (parts.some((part) => part !== 'gateway' && part !== 'express'))
      Object.assign(result, await benchThroughAll(stack, measuring, options));
    if (parts.includes('gateway')) {
      const scale = { connections, turns, turnSeconds, bareExpress: parts.includes('express') };
      result.gatewayAlone = await benchGatewayAlone(stack, measuring, scale);
    }
    result.seconds = (performance.now() - beganMs) / 1_000;
    return result;
  } finally {
    await load.stop();
    await stack.stop();
  }
}

/** Of the whole, from the start of the servers; what is counted and copied afterwards takes its part. */
function estimatedSeconds({ parts, seconds, turns, turnSeconds }: BenchOptions): number {
  const shares: Partial<Record<Part, number>> = {
    sustained: 1.2,
    copy: 0.7,
    naive: 6 * SHARES.naive,
    'bad-input': 1.4 * SHARES.badInput,
    freshness: 1.3 * SHARES.freshness,
    duplicates: 1.4 * SHARES.duplicates,
  };
  const turnsOf: Partial<Record<Part, number>> = { gateway: 4, express: 2 };
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0);
  return (
    START_SECONDS +
    seconds * sum((part) => shares[part] ?? 0) +
    turns * turnSeconds * sum((part) => turnsOf[part] ?? 0)
  );
}
