export type Say = (line: string) => void;

/** Lines on the terminal, each with the seconds since the start. */
export function createProgress(write: (text: string) => void = (text) => process.stdout.write(text)): Say {
  const startedMs = performance.now();
  return (line) => {
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    write(`[${seconds.padStart(6)} s] ${line}\n`);
  };
}

/** Says how long the work took, once it is done. */
export async function timed<T>(say: Say, done: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  say(`${done} (${Math.round(performance.now() - startedMs)} ms)`);
  return result;
}
