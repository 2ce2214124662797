import type { VirtualTime } from './time/virtual-time.js';

export interface Trace {
  note(line: () => string): void;
  readonly lines: readonly string[];
}

/** Keeps every line: `seconds process what`. A run is some thousands of them. */
export function createTrace(time: VirtualTime, startMs: number): Trace {
  const lines: string[] = [];
  return {
    note(line) {
      const seconds = ((time.nowMs() - startMs) / 1_000).toFixed(6).padStart(11);
      lines.push(`${seconds} ${time.current().name.padEnd(10)} ${line()}`);
    },
    lines,
  };
}
