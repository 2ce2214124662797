import { isNativeError } from 'node:util/types';
import { createLogger as createWinston, format, transports } from 'winston';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogContext = Record<string, unknown>;
type LogCall = (event: string, context?: LogContext) => void;

/** `log.info('events_accepted', { accepted: 3 })`: what happened is a name, everything else context. */
export type Logger = Record<LogLevel, LogCall>;

/** Of an error: how deep its causes are followed, and how many of an AggregateError's are shown. */
const CAUSES_MAX = 5;

/**
 * Lines of one turn of the event loop are written together, up to so many bytes: what processes that share a pipe write
 * is not mixed up as long as no write is larger (PIPE_BUF).
 */
const BYTES_PER_WRITE_MAX = 4_096;

/**
 * One JSON object a line on standard output: event, timestamp, level, service, then the context. There, `info` and
 * `debug` are written when the turn of the event loop is over, many lines at once; `warn` and `error` at once.
 */
export function createLogger(o: {
  service: string;
  level: LogLevel;
  /** Default: standard output. Command lines, whose output is data, give standard error. */
  stream?: NodeJS.WritableStream;
}): Logger {
  const winston = createWinston({
    level: o.level,
    format: format.printf((info) => String(info.message)),
    transports: [new transports.Stream({ stream: o.stream ?? process.stdout })],
  });
  const writeNow = (level: LogLevel, line: string) => void winston.log(level, line);
  const lines = o.stream === undefined ? inTurns(writeNow) : atOnce(writeNow);
  const call = (level: LogLevel): LogCall => {
    if (!winston.isLevelEnabled(level)) return () => undefined;
    const isUrgent = level === 'error' || level === 'warn';
    return (event, context = {}) => {
      const own = { event, timestamp: new Date().toISOString(), level, service: o.service };
      lines.write(level, lineOf(own, context));
      if (isUrgent) lines.flush();
    };
  };
  return { error: call('error'), warn: call('warn'), info: call('info'), debug: call('debug') };
}

interface LineWriter {
  write(level: LogLevel, line: string): void;
  flush(): void;
}

const atOnce = (write: LineWriter['write']): LineWriter => ({ write, flush: () => undefined });

/** A write for each line is a good part of what a small request costs. */
function inTurns(writeNow: LineWriter['write']): LineWriter {
  let lines: string[] = [];
  let bytes = 0;
  let level: LogLevel = 'info';
  function flush(): void {
    if (lines.length === 0) return;
    const together = lines.join('\n');
    lines = [];
    bytes = 0;
    writeNow(level, together);
  }
  process.on('exit', flush);
  return {
    write(lineLevel, line) {
      // All of them passed the level: any one of theirs lets the whole pass.
      const lineBytes = Buffer.byteLength(line) + 1;
      if (bytes + lineBytes > BYTES_PER_WRITE_MAX) flush();
      level = lineLevel;
      if (lines.length === 0) setImmediate(flush);
      lines.push(line);
      bytes += lineBytes;
    },
    flush,
  };
}

/** The line's own fields stand first, and no context takes their place. */
function lineOf(own: LogContext, context: LogContext): string {
  const line = { ...own, ...context, ...own };
  return hideCredentials(stringify(line) ?? stringify(own) ?? '');
}

/** Whoever logs is in the middle of something: a context that is no JSON must not throw there. */
function stringify(line: LogContext): string | undefined {
  try {
    return isPlain(line) ? JSON.stringify(line) : JSON.stringify(line, plain);
  } catch {
    return undefined;
  }
}

/** Nothing for `plain` to do: nearly every line, and a fraction of the work. */
function isPlain(line: LogContext): boolean {
  for (const key in line) {
    const type = typeof line[key];
    if (type !== 'string' && type !== 'number' && type !== 'boolean') return false;
  }
  return true;
}

/** Drivers put the address they were given, with its password, into their messages. */
function hideCredentials(line: string): string {
  return line.includes('://') ? line.replace(/:\/\/[^\s/"]+@/g, '://***@') : line;
}

/** What JSON leaves out or refuses. */
function plain(_key: string, value: unknown): unknown {
  if (isError(value)) return describeError(value);
  return typeof value === 'bigint' ? value.toString() : value;
}

const isError = (value: unknown): value is Error => isNativeError(value) || value instanceof Error;

/** An error and its causes as plain data, for a log line. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!isError(error)) return error;
  const deeper = (cause: unknown) => describeError(cause, depth + 1);
  const isEnd = depth >= CAUSES_MAX;
  // What a connection to a name with several addresses fails with has its reasons only here.
  const several = 'errors' in error && Array.isArray(error.errors) && !isEnd ? error.errors : undefined;
  return {
    name: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(several ? { errors: several.slice(0, CAUSES_MAX).map(deeper) } : {}),
    ...(error.cause !== undefined && !isEnd ? { cause: deeper(error.cause) } : {}),
  };
}
