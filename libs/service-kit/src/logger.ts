import { isNativeError } from 'node:util/types';
import { createLogger as createWinston, format, transports } from 'winston';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogContext = Record<string, unknown>;
type LogCall = (event: string, context?: LogContext) => void;

/** `log.info('events_accepted', { accepted: 3 })`: what happened is a name, everything else context. */
export type Logger = Record<LogLevel, LogCall>;

/** Of an error: how deep its causes are followed, and how many of an AggregateError's are shown. */
const CAUSES_MAX = 5;

/** One JSON object a line on standard output: event, timestamp, level, service, then the context. */
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
  const call =
    (level: LogLevel): LogCall =>
    (event, context = {}) => {
      if (!winston.isLevelEnabled(level)) return;
      const own = { event, timestamp: new Date().toISOString(), level, service: o.service };
      winston.log(level, lineOf(own, context));
    };
  return { error: call('error'), warn: call('warn'), info: call('info'), debug: call('debug') };
}

/** The line's own fields stand first, and no context takes their place. */
function lineOf(own: LogContext, context: LogContext): string {
  return hideCredentials(stringify({ ...own, ...context, ...own }) ?? stringify(own) ?? '');
}

/** Whoever logs is in the middle of something: a context that is no JSON must not throw there. */
function stringify(line: LogContext): string | undefined {
  try {
    return JSON.stringify(line, plain);
  } catch {
    return undefined;
  }
}

/** Drivers put the address they were given, with its password, into their messages. */
function hideCredentials(line: string): string {
  return line.replace(/:\/\/[^\s/"]+@/g, '://***@');
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
