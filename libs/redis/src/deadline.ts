import { RedisUnavailableError } from './errors.js';

/**
 * Rejects with `RedisUnavailableError` (`timeout`) unless the promise settles within `timeoutMs`.
 *
 * When this process itself was busy for longer than that, the reply is already in the socket's buffer while
 * the timer fires first. So the verdict falls one poll phase later: our own lateness isn't Redis' fault.
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let verdict: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      verdict = setImmediate(() =>
        reject(new RedisUnavailableError('timeout', `no reply from Redis within ${timeoutMs} ms`)),
      );
    }, timeoutMs);
    const settled = () => {
      clearTimeout(timer);
      if (verdict) clearImmediate(verdict);
    };
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: unknown) => {
        settled();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
