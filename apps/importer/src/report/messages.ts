export interface Messages {
  info(event: string, text: string, context?: Record<string, unknown>): void;
  warn(event: string, text: string, context?: Record<string, unknown>): void;
  error(event: string, text: string, context?: Record<string, unknown>): void;
}

export interface MessagesOptions {
  write: (line: string) => void;
  /** One JSON object a line, as the services log; else words for people. */
  json: boolean;
  /** Only errors. */
  quiet: boolean;
  clock: () => number;
}

/** What the command tells on its way; never on standard output, which is the summary's. */
export function createMessages({ write, json, quiet, clock }: MessagesOptions): Messages {
  const say =
    (level: 'info' | 'warn' | 'error') =>
    (event: string, text: string, context: Record<string, unknown> = {}): void => {
      if (quiet && level !== 'error') return;
      const timestamp = new Date(clock()).toISOString();
      write(
        json
          ? `${JSON.stringify({ event, timestamp, level, service: 'importer', message: text, ...context })}\n`
          : `${text}\n`,
      );
    };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}
