/** Lines for whoever waits; the result itself goes to standard output. */
export type Progress = (line: string) => void;

export function progressOn(stream: NodeJS.WritableStream): Progress {
  const beganMs = performance.now();
  return (line) => {
    const seconds = Math.round((performance.now() - beganMs) / 1_000);
    stream.write(`[${String(seconds).padStart(5)} s] ${line}\n`);
  };
}

/** @returns what `work` returns, and how long it took */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const beganMs = performance.now();
  const value = await work();
  return { value, ms: performance.now() - beganMs };
}
