import { execFileSync } from 'node:child_process';
import { findProgram } from '@event-analytics/stack';

/** Of the NATS server that a private one is started from, such as "2.9.10"; undefined where none is installed yet. */
export function installedNatsVersion(): string | undefined {
  const program = findProgram('nats-server');
  if (program === undefined) return undefined;
  return /v(\d+\.\d+\.\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1];
}
