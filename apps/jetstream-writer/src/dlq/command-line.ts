import yargs from 'yargs';
import type { Selection } from './choose-letters.js';
import type { DropRequest } from './drop-command.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import type { ListRequest } from './list-command.js';
import type { ReplayRequest } from './replay-command.js';
import type { ShowRequest } from './show-command.js';

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type CommandLine = { json: boolean; quiet: boolean } & (
  | { command: 'list'; request: ListRequest }
  | { command: 'show'; request: ShowRequest }
  | { command: 'replay'; request: ReplayRequest }
  | { command: 'drop'; request: DropRequest }
);

const NAME_A_COMMAND = 'name a command: list, show, replay or drop';
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000_000;

const STREAM_HELP = `The streams are those of the writer: NATS_URL, NATS_STREAM, NATS_SUBJECT, NATS_DEAD_LETTER_STREAM.`;

/** Prints help or version and ends the process when asked for; throws UsageError for what it does not know. */
export async function parseCommandLine(argv: string[], version: string): Promise<CommandLine> {
  let parsed: CommandLine | undefined;
  const quiet = { type: 'boolean', default: false, describe: 'no messages but errors' } as const;
  const json = {
    type: 'boolean',
    default: false,
    describe: 'messages on standard error as JSON lines',
  } as const;
  const reason = { type: 'string', requiresArg: true, describe: 'only letters of this reason' } as const;
  const all = { type: 'boolean', default: false, describe: 'every letter' } as const;
  // As texts: a number is checked here, so that 1e3 and 0x10 are none.
  const sequences = { type: 'string', array: true, describe: 'as dlq list shows it' } as const;

  await yargs(argv)
    .scriptName('dlq')
    .usage('$0 <command>\n\nDead letters: events that could not be stored, kept with the reason.')
    .version(version)
    .command(
      'list',
      'Show the letters, the oldest first, and how many there are of each reason.',
      (command) =>
        command
          .option('reason', reason)
          .option('limit', {
            type: 'number',
            default: LIMIT_DEFAULT,
            requiresArg: true,
            describe: `letters shown (0-${String(LIMIT_MAX)})`,
          })
          .option('json', {
            type: 'boolean',
            default: false,
            describe: 'one JSON object a letter, its payload included',
          })
          .option('quiet', quiet)
          .epilogue(`${STREAM_HELP}\n\n${EXIT_CODES_HELP}`),
      (args) => {
        const request = { reason: args.reason, limit: args.limit, json: args.json };
        parsed = { command: 'list', request, json: args.json, quiet: args.quiet };
      },
    )
    .command(
      'show <sequence>',
      'Show all that is known of one letter: JSON indented, other text as it is, anything else in hex.',
      (command) =>
        command
          .positional('sequence', { type: 'string', demandOption: true, describe: 'as dlq list shows it' })
          .option('json', { type: 'boolean', default: false, describe: 'as one JSON object' })
          .epilogue(`${STREAM_HELP}\n\n${EXIT_CODES_HELP}`),
      (args) => {
        const request = { sequence: sequenceOf(args.sequence), json: args.json };
        parsed = { command: 'show', request, json: args.json, quiet: false };
      },
    )
    .command(
      'replay [sequences..]',
      'Put letters back into the event stream, once what kept them from being stored is mended; each is removed when the stream has it.',
      (command) =>
        command
          .positional('sequences', sequences)
          .options({ all, reason })
          .option('payload', {
            alias: 'edit',
            type: 'string',
            requiresArg: true,
            describe: 'a file (- is standard input) that takes the place of the payload of the one letter',
          })
          .option('dry-run', { type: 'boolean', default: false, describe: 'only say what would be done' })
          .options({ json, quiet })
          .example('$0 replay --reason untranslatable_character', '')
          .example('$0 replay 17 --payload mended.json', '')
          .epilogue(`${STREAM_HELP}\n\n${EXIT_CODES_HELP}`),
      (args) => {
        const selection = selectionOf(args);
        checkPayload(args.payload, selection);
        const request = { selection, payloadFile: args.payload, dryRun: args.dryRun };
        parsed = { command: 'replay', request, json: args.json, quiet: args.quiet };
      },
    )
    .command(
      'drop [sequences..]',
      'Remove letters for good. --all and --reason need --yes, and say without it how many there are.',
      (command) =>
        command
          .positional('sequences', sequences)
          .options({ all, reason })
          .option('yes', { type: 'boolean', default: false, describe: 'do it' })
          .option('to', {
            type: 'string',
            requiresArg: true,
            describe: 'a new file that the letters are saved to before, as list --json shows them',
          })
          .options({ json, quiet })
          .epilogue(`${STREAM_HELP}\n\n${EXIT_CODES_HELP}`),
      (args) => {
        const request = { selection: selectionOf(args), yes: args.yes, saveTo: args.to };
        parsed = { command: 'drop', request, json: args.json, quiet: args.quiet };
      },
    )
    .demandCommand(1, NAME_A_COMMAND)
    .strict()
    .epilogue(EXIT_CODES_HELP)
    .wrap(null)
    .fail((message: string | null, error: Error | undefined) => {
      throw new UsageError(message ?? error?.message ?? 'wrong usage');
    })
    .parseAsync();

  if (!parsed) throw new UsageError(NAME_A_COMMAND);
  if (parsed.command === 'list') checkLimit(parsed.request.limit);
  return parsed;
}

function selectionOf(args: {
  all: boolean;
  reason: string | undefined;
  sequences: string[] | undefined;
}): Selection {
  const sequences = args.sequences ?? [];
  const ways = [args.all, args.reason !== undefined, sequences.length > 0].filter(Boolean).length;
  if (ways !== 1) throw new UsageError('say which letters: their sequences, or --reason, or --all');
  if (args.all) return { by: 'all' };
  if (args.reason !== undefined) return { by: 'reason', reason: args.reason };
  return { by: 'sequence', sequences: [...new Set(sequences.map(sequenceOf))] };
}

function sequenceOf(text: string): number {
  const sequence = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
  if (sequence === undefined) throw new UsageError(`${text} is no sequence: a whole number from 1`);
  return sequence;
}

function checkPayload(payload: string | undefined, selection: Selection): void {
  if (payload === undefined) return;
  if (payload === '') throw new UsageError('--payload needs a path');
  if (selection.by !== 'sequence' || selection.sequences.length !== 1) {
    throw new UsageError('--payload goes with one sequence');
  }
}

function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 0 || limit > LIMIT_MAX) {
    throw new UsageError(`--limit must be a whole number from 0 to ${String(LIMIT_MAX)}`);
  }
}
