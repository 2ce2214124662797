import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until `check` says true; false when `timeoutMs` passed first. Errors of `check` are thrown on. */
export async function waitUntil(
  check: () => boolean | Promise<boolean>,
  { timeoutMs, everyMs = 25 }: { timeoutMs: number; everyMs?: number },
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() >= deadlineMs) return false;
    await sleep(everyMs);
  }
  return true;
}
