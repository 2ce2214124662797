/** Whether `version` (like "2.9.10" or "2.12.0-RC.1") is at least `minimum`. Unreadable versions are not. */
export function isVersionAtLeast(version: string, minimum: string): boolean {
  const have = numbers(version);
  const want = numbers(minimum);
  for (let i = 0; i < 3; i += 1) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return have.length > 0;
}

function numbers(version: string): number[] {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  return match ? match.slice(1, 4).map((part) => Number(part ?? 0)) : [];
}
