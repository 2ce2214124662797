import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folders that the command line uses. */
export interface Workspace {
  root: string;
  /** Git-ignored: data, logs, the lock and what is remembered between starts. */
  stateDir: string;
  dataDir: string;
  logDir: string;
  lockFile: string;
  runningFile: string;
  portsFile: string;
  modeFile: string;
  sampleFile: string;
}

/** `STACK_DIR` puts the state elsewhere: a second stack beside the first. */
export function openWorkspace(env: NodeJS.ProcessEnv): Workspace {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const stateDir = resolve(root, env['STACK_DIR'] || '.stack');
  const logDir = join(stateDir, 'logs');
  mkdirSync(logDir, { recursive: true });
  return {
    root,
    stateDir,
    dataDir: join(stateDir, 'data'),
    logDir,
    lockFile: join(stateDir, 'lock'),
    runningFile: join(stateDir, 'running.json'),
    portsFile: join(stateDir, 'ports.json'),
    modeFile: join(stateDir, 'mode'),
    sampleFile: join(root, 'data', 'events_sample.csv'),
  };
}
