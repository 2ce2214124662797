import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { serverAccount } from '../account.js';
import { removeComposeServers } from '../servers/compose.js';
import { reachableDataDir } from '../servers/directories.js';
import { decideMode } from '../servers/mode.js';
import { startServers } from '../servers/start.js';
import { ALL_SERVERS, type Servers, type StackMode } from '../servers/types.js';
import type { StackConfig } from './config.js';
import { settleServerPorts } from './ports.js';
import type { Say } from './progress.js';
import type { Workspace } from './workspace.js';

/** Our own servers for this repository, on kept data; undefined where the environment names them all. */
export async function startStackServers(o: {
  config: StackConfig;
  workspace: Workspace;
  reset: boolean;
  say: Say;
}): Promise<Servers | undefined> {
  const { config, workspace, reset, say } = o;
  for (const [name, variable] of Object.entries(config.given))
    say(`${name} is the one that ${variable} names`);
  const wanted = ALL_SERVERS.filter((name) => !config.given[name]);
  if (reset && wanted.length < ALL_SERVERS.length) say('--reset empties only the servers that run here');
  if (wanted.length === 0) return undefined;

  const last = reset ? undefined : lastMode(workspace);
  const mode = await decideMode({
    // The data is where the last start left it, also if Docker has come or gone since.
    wanted: config.mode === 'auto' ? (last ?? 'auto') : config.mode,
    servers: wanted,
    needsCompose: true,
    announce: say,
  });
  if (last !== undefined && last !== mode) {
    say(`The data of the last start stays with STACK=${last}; this one has its own`);
  }
  if (mode === 'docker') await removeComposeServers(workspace.dataDir, { volumes: reset });
  if (reset) {
    if (mode === 'native') {
      rmSync(reachableDataDir(workspace.dataDir, serverAccount()), { recursive: true, force: true });
    }
    say('Begins empty, as --reset says');
  }
  writeFileSync(workspace.modeFile, `${mode}\n`);
  const ports = await settleServerPorts(
    config.serverPorts,
    workspace.portsFile,
    Object.values(config.servicePorts),
  );
  return startServers({
    mode,
    dataDir: workspace.dataDir,
    logDir: workspace.logDir,
    only: wanted,
    ports,
    login: config.login,
    log: say,
  });
}

function lastMode({ modeFile }: Workspace): StackMode | undefined {
  const text = existsSync(modeFile) ? readFileSync(modeFile, 'utf8').trim() : '';
  return text === 'native' || text === 'docker' ? text : undefined;
}
