/** Where a test may have the process die, as if by SIGKILL. */
export const FAILPOINTS = ['after_commit'] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** Returns what to call on reaching a point; it does nothing unless that very point was armed. */
export function createFailpoint(armed: Failpoint | undefined): (reached: Failpoint) => void {
  return (reached) => {
    if (reached === armed) process.kill(process.pid, 'SIGKILL');
  };
}
