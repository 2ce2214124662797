export interface Messages {
  info(event: string, text: string, context?: Record<string, unknown>): void;
  error(event: string, text: string, context?: Record<string, unknown>): void;
}

/** What the command tells on its way, on standard error: words, or with `json` one object a line as services log. */
export function createMessages(o: {
  write: (line: string) => void;
  json: boolean;
  /** Only errors. */
  quiet: boolean;
  clock: () => number;
}): Messages {
  const say =
    (level: 'info' | 'error') =>
    (event: string, text: string, context: Record<string, unknown> = {}): void => {
      if (o.quiet && level !== 'error') return;
      const timestamp = new Date(o.clock()).toISOString();
      const line = o.json
        ? JSON.stringify({ event, timestamp, level, service: 'dlq', message: text, ...context })
        : text;
      o.write(`${line}\n`);
    };
  return { info: say('info'), error: say('error') };
}
