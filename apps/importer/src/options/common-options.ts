export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface DatabaseOption {
  databaseUrl: string | undefined;
}

export interface MessageOptions {
  json: boolean;
  quiet: boolean;
}

export const DATABASE_HELP = `The database is DATABASE_URL, or POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER and
POSTGRES_PASSWORD (each also as ..._FILE), or --database-url.`;

/** Of every command that talks to the database. */
export const COMMON_OPTIONS = {
  'database-url': {
    type: 'string',
    describe: 'PostgreSQL URL (others can see it in the process list: prefer DATABASE_URL)',
    requiresArg: true,
  },
  json: {
    type: 'boolean',
    default: false,
    describe: 'messages on standard error as JSON lines',
  },
  quiet: { type: 'boolean', default: false, describe: 'no progress, no messages but errors' },
} as const;

/** @throws UsageError */
export function checkNumber(option: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`${option} must be a whole number from ${min} to ${max}`);
  }
}

/** yargs loses a bare '-' in a list of positionals: it reads this instead, which no path can be. */
const STDIN_WORD = '\0stdin';

/** The words of a command line, as yargs is to read them. */
export function wordsForYargs(argv: readonly string[]): string[] {
  return argv.map((word) => (word === '-' ? STDIN_WORD : word));
}

/** The path that a word of wordsForYargs names. */
export function fileNamed(word: string): string {
  return word === STDIN_WORD ? '-' : word;
}
