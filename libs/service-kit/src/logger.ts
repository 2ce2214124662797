import { createLogger as createWinston, format, transports } from 'winston';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogContext = Record<string, unknown>;
type LogCall = (event: string, context?: LogContext) => void;

/** `log.info('events_accepted', { accepted: 3 })`: what happened is a name, everything else context. */
export type Logger = Record<LogLevel, LogCall>;

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
      const line = { event, timestamp: new Date().toISOString(), level, service: o.service, ...context };
      winston.log(level, JSON.stringify(line, plain));
    };
  return { error: call('error'), warn: call('warn'), info: call('info'), debug: call('debug') };
}

/** What JSON leaves out or refuses. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  return typeof value === 'bigint' ? value.toString() : value;
}

/** An error and its causes as plain data, for a log line. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  return {
    name: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause !== undefined && depth < CAUSES_MAX
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}
