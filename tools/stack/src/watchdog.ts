import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A shell that outlives its parent by a moment: when the pipe to it closes, however the parent
 * ended, it stops what it was told to watch (each with its own signal, SIGKILL after ten seconds)
 * and removes the directories it was told of. Handlers in the parent could not: SIGKILL has none.
 */
const SCRIPT = `
watched=' '; dirs=''; containers=''
while IFS=' ' read -r verb value; do
  case $verb in
    watch) watched="$watched$value " ;;
    forget)
      kept=' '
      for each in $watched; do case $each in "$value":*) ;; *) kept="$kept$each " ;; esac; done
      watched=$kept ;;
    remove) dirs="$dirs$value
" ;;
    container) containers="$containers $value" ;;
  esac
done
[ -z "$containers" ] || docker rm --force --volumes $containers
for each in $watched; do kill -"\${each#*:}" "\${each%%:*}" 2>/dev/null; done
tries=0
while [ $tries -lt 100 ]; do
  left=' '
  for each in $watched; do
    kill -0 "\${each%%:*}" 2>/dev/null || continue
    # Ended, but with nobody to take note of it: a container often has no init.
    case $(cat "/proc/\${each%%:*}/stat" 2>/dev/null) in *') Z '*) continue ;; esac
    left="$left$each "
  done
  [ "$left" = ' ' ] && break
  sleep 0.1; tries=$((tries + 1)); watched=$left
done
[ "$left" = ' ' ] || for each in $left; do kill -KILL "\${each%%:*}" 2>/dev/null; done
printf '%s' "$dirs" | while read -r dir; do
  rm -rf "$dir" 2>/dev/null || { sleep 1; rm -rf "$dir"; }
done
`;

export interface Watchdog {
  /** Stop this process with this signal (a name without SIG, such as TERM) when the parent is gone. */
  watch(pid: number, signal: string): void;
  /** The process ended: its number may soon be somebody else's. */
  forget(pid: number): void;
  /** Remove this directory, with all in it, when the parent is gone. */
  removeAfterwards(directory: string): void;
  /** Remove this Docker container when the parent is gone. */
  removeContainerAfterwards(id: string): void;
}

let ofThisProcess: Watchdog | undefined;

/** The one watchdog of this process, started by the first who asks. */
export function processWatchdog(): Watchdog {
  ofThisProcess ??= startWatchdog();
  return ofThisProcess;
}

function startWatchdog(): Watchdog {
  // A session of its own: Ctrl-C in a terminal goes to the whole foreground group.
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const pipe = shell.stdin as typeof shell.stdin & Partial<Pick<Socket, 'unref'>>;
  pipe.on('error', () => undefined);
  pipe.unref?.();
  shell.unref();

  const tell = (line: string): void => void pipe.write(`${line}\n`);
  return {
    watch: (pid, signal) => tell(`watch ${pid}:${signal}`),
    forget: (pid) => tell(`forget ${pid}`),
    removeAfterwards: (directory) => tell(`remove ${directory}`),
    removeContainerAfterwards: (id) => tell(`container ${id}`),
  };
}
