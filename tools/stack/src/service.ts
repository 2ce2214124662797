import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import { httpIsOk } from './probes.js';
import { ServerStartError, startProcess, type ServerProcess } from './server-process.js';
import { waitUntil } from './wait-until.js';
import { processWatchdog } from './watchdog.js';

export interface StartServiceOptions {
  /** The app's folder name, such as 'ingest-gateway'. */
  app: string;
  /** Its whole environment, but for PATH, HOST and PORT. */
  env: Record<string, string>;
  /** Default: a free one. */
  port?: number;
  /** The address it listens on; default: loopback. */
  host?: string;
  /** Default: the app's build, apps/<app>/dist/main.js. */
  mainJs?: string;
  /** Default: a temporary file, removed at the end. */
  logFile?: string;
  /** How long until it must answer on /health/live. Default 30,000. */
  liveTimeoutMs?: number;
  /** Progress, a line at a time. */
  log?: (line: string) => void;
}

export interface ServiceProcess extends ServerProcess {
  readonly url: string;
  /** All that it has written so far, over restarts. */
  output(): string;
  /** Resolves when /health/ready answers 200, throws with the end of its output after `timeoutMs` (default 30,000). */
  waitReady(options?: { timeoutMs?: number }): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const OUTPUT_TAIL_BYTES = 4_000;

/** Runs the build of an app; resolves when it listens. It ends with this process, however that ends. */
export async function startService(options: StartServiceOptions): Promise<ServiceProcess> {
  const { app, host = '127.0.0.1' } = options;
  const mainJs = options.mainJs ?? builtMain(app);
  if (!existsSync(mainJs))
    throw new ServerStartError(`${mainJs} is not there: build it with \`npx nx build ${app}\`.`);
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;

  let logFile = options.logFile;
  if (logFile === undefined) {
    const directory = mkdtempSync(join(tmpdir(), `event-analytics-${app}-`));
    processWatchdog().removeAfterwards(directory);
    logFile = join(directory, 'output.log');
  }
  const outputFile = logFile;
  const output = (): string => (existsSync(outputFile) ? readFileSync(outputFile, 'utf8') : '');

  const startedMs = performance.now();
  const service = await startProcess({
    name: app,
    command: process.execPath,
    args: ['--enable-source-maps', mainJs],
    env: { PATH: process.env['PATH'], HOST: host, ...options.env, PORT: String(port) },
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    port,
    logFile: outputFile,
    account: null,
    stopSignal: 'SIGTERM',
    readyTimeoutMs: options.liveTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    isReady: () => httpIsOk(`${url}/health/live`),
  });
  options.log?.(`${app} answers on ${url} (${Math.round(performance.now() - startedMs)} ms)`);

  return {
    name: service.name,
    port,
    url,
    logFile: outputFile,
    stopSignal: service.stopSignal,
    get pid() {
      return service.pid;
    },
    kill: (signal) => service.kill(signal),
    restart: () => service.restart(),
    onUnexpectedExit: (listener) => service.onUnexpectedExit(listener),
    output,
    async waitReady({ timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      if (await waitUntil(() => httpIsOk(`${url}/health/ready`), { timeoutMs })) return;
      throw new ServerStartError(
        `${app} was not ready within ${timeoutMs} ms. The end of its output:\n${output().slice(-OUTPUT_TAIL_BYTES)}`,
      );
    },
    stop: () => service.stop(),
  };
}

function builtMain(app: string): string {
  return fileURLToPath(new URL(`../../../apps/${app}/dist/main.js`, import.meta.url));
}
