/** Waits until the check holds; fails with its last answer once the time is over. Errors count as not yet. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  read: () => Promise<T> | T,
  holds: (value: T) => boolean,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  let last: T | undefined;
  let lastError: unknown;
  while (Date.now() < deadlineMs) {
    try {
      last = await read();
      lastError = undefined;
      if (holds(last)) return last;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${String(timeoutMs)} ms; last ${JSON.stringify(last)}`, {
    cause: lastError,
  });
}
