/** Part of the command's interface, as those of event-importer are: scripts rely on these. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  someLeft: 3,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0    done; also when there was nothing to do
  1    NATS cannot be reached, or the stream took no more: what was done stays, and running again is safe
  2    wrong usage or configuration, or a --payload that is no valid event; nothing was done
  3    finished, but some letters are not there or could not be put back
  130  interrupted (Ctrl-C; 143: terminated): the letters in hand were finished`;
