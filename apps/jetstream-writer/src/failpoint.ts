/** Where a test may have the writer die, as if by SIGKILL. */
export const FAILPOINTS = ['after_commit'] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** Returns what to call on reaching a point; it does nothing unless that very point was armed. */
export function createFailpoint<Point extends string = Failpoint>(
  armed: Point | undefined,
): (reached: Point) => void {
  return (reached) => {
    if (reached === armed) process.kill(process.pid, 'SIGKILL');
  };
}
