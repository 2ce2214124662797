/** Part of the command's interface: scripts rely on these. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  someRejected: 3,
  differs: 4,
  notCompared: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Of a command that a signal stopped, whose name is the signal's reason. */
export function interruptedBy({ reason }: AbortSignal): ExitCode {
  return reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
}

export const EXIT_CODES_HELP = `Exit codes:
  0    every row is in the database (with --dry-run: every row is valid)
  1    failed, and nothing more was written; what was written stays, and running again is safe
  2    wrong usage or configuration; nothing was read
  3    finished, but some rows were rejected: see the reject file
  4    recount: the index and the events differ
  5    recount: no difference, but not everything was compared: a zone's index is still being built
  130  interrupted (Ctrl-C; 143: terminated): the batches in hand were finished`;
