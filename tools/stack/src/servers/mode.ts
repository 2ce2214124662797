import { ServerStartError } from '../server-process.js';
import { composeCommand, engineProblem, imagesProblem } from './docker-engine.js';
import { ALL_SERVERS, type ServerName, type StackMode } from './types.js';

export interface ModeQuestion {
  /** As the caller or STACK in the environment wants it. */
  wanted: StackMode | 'auto';
  servers?: readonly ServerName[];
  /** Whether the compose file's servers are wanted (kept data), or single containers (tests). */
  needsCompose: boolean;
  announce: (line: string) => void;
}

/** Docker where its engine answers and the images are there or can be pulled, else native servers. */
export async function decideMode({
  wanted,
  servers = ALL_SERVERS,
  needsCompose,
  announce,
}: ModeQuestion): Promise<StackMode> {
  if (wanted === 'native') return 'native';
  const problem =
    (await engineProblem()) ??
    (needsCompose && !(await composeCommand()) ? 'Docker has no Compose' : undefined) ??
    (await imagesProblem(servers, announce));
  if (problem === undefined) return 'docker';
  if (wanted === 'docker')
    throw new ServerStartError(
      `Docker is wanted, by STACK=docker or for the data of the last start, but ${problem}. STACK=native goes without.`,
    );
  return 'native';
}

/** Reads STACK; '' and unset mean auto. */
export function modeFrom(env: NodeJS.ProcessEnv): StackMode | 'auto' {
  const text = env['STACK'] || 'auto';
  if (text === 'auto' || text === 'native' || text === 'docker') return text;
  throw new ServerStartError(`STACK=${text}: it is auto, docker or native.`);
}
