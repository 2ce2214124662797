import { join } from 'node:path';
import type { Say } from './progress.js';
import { runStep } from './run-step.js';
import type { Workspace } from './workspace.js';

const APPS = ['ingest-gateway', 'stats-api', 'jetstream-writer', 'importer', 'front-door'];
const BUILD_TIMEOUT_MS = 600_000;
const MIGRATE_TIMEOUT_MS = 300_000;
const IMPORT_TIMEOUT_MS = 300_000;

/** Builds all apps; Nx knows which are built already. */
export async function buildApps(workspace: Workspace, signal: AbortSignal): Promise<void> {
  await runStep({
    title: 'Building the apps',
    command: process.execPath,
    args: [
      join(workspace.root, 'node_modules', '.bin', 'nx'),
      ...['run-many', '--target=build', `--projects=${APPS.join(',')}`, '--outputStyle=static'],
    ],
    cwd: workspace.root,
    // Nothing of ours is to stay behind: no daemon.
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' },
    timeoutMs: BUILD_TIMEOUT_MS,
    signal,
  });
}

export async function migrateDatabase(
  workspace: Workspace,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  await importer(workspace, env, signal, 'Migrating the database', ['migrate'], MIGRATE_TIMEOUT_MS);
}

/** Imports the sample; where it is there already this adds nothing, by the promise that an event counts once. */
export async function importSample(
  workspace: Workspace,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  say: Say,
): Promise<void> {
  const startedMs = performance.now();
  const args = ['import', workspace.sampleFile];
  const { stdout } = await importer(workspace, env, signal, 'Importing the sample', args, IMPORT_TIMEOUT_MS);
  say(`The sample is imported: ${summaryOf(stdout)} (${Math.round(performance.now() - startedMs)} ms)`);
}

function importer(
  workspace: Workspace,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  title: string,
  args: string[],
  timeoutMs: number,
): Promise<{ stdout: string }> {
  const main = join(workspace.root, 'apps', 'importer', 'dist', 'main.js');
  return runStep({
    ...{ title, command: process.execPath, args: [main, ...args] },
    ...{ cwd: workspace.root, env, timeoutMs, signal },
  });
}

/** The importer ends with its summary as JSON. */
function summaryOf(stdout: string): string {
  try {
    const json = stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1);
    const { rows, inserted, duplicates } = JSON.parse(json) as Record<string, number>;
    return `${rows} rows, ${inserted} new, ${duplicates} already there`;
  } catch {
    return 'done';
  }
}
