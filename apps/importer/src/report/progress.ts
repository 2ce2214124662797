import { SingleBar } from 'cli-progress';

import type { ImportProgress } from '../load/import-input.js';
import type { Messages } from './messages.js';

export interface Progress {
  start: (path: string) => void;
  update: (progress: ImportProgress) => void;
  /** Clears the terminal's line, so that other output can follow. */
  stop: () => void;
}

export const silentProgress: Progress = { start: () => {}, update: () => {}, stop: () => {} };

/** A bar on a terminal: rate, rejects and the time left, by bytes read. */
export function createProgressBar(terminal: NodeJS.WriteStream, clock: () => number): Progress {
  let bar: SingleBar | undefined;
  let path = '';
  let startedAt = 0;
  return {
    start: (name) => {
      path = name;
      startedAt = clock();
    },
    update: (progress) => {
      const elapsedMs = clock() - startedAt;
      const left = secondsLeft(progress, elapsedMs);
      const { bytesRead, rows, rejected, sizeBytes } = progress;
      const fields = {
        path,
        rows: count(rows),
        rate: count(ratePerSecond(rows, elapsedMs)),
        rejected: count(rejected),
        left: left === null ? '-' : `${left} s`,
      };
      if (!bar) {
        const share = sizeBytes === undefined ? '' : ' {bar} {percentage}% | {left} left |';
        bar = new SingleBar({
          stream: terminal,
          format: `{path}${share} {rows} rows | {rate}/s | {rejected} rejected`,
          hideCursor: null,
          fps: 5,
        });
        bar.start(sizeBytes ?? 1, 0, fields);
      }
      bar.update(sizeBytes === undefined ? 0 : bytesRead, fields);
    },
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

const LINE_EVERY_MS = 5_000;

/** A line every few seconds, where no terminal shows a bar. */
export function createProgressLines(messages: Messages, clock: () => number): Progress {
  let path = '';
  let startedAt = 0;
  let lastLineAt = 0;
  return {
    start: (name) => {
      path = name;
      startedAt = lastLineAt = clock();
    },
    update: (progress) => {
      const now = clock();
      if (now - lastLineAt < LINE_EVERY_MS) return;
      lastLineAt = now;
      const { rows, rejected, bytesRead, sizeBytes } = progress;
      const rate = ratePerSecond(rows, now - startedAt);
      const left = secondsLeft(progress, now - startedAt);
      const share = sizeBytes ? ` (${Math.floor((100 * bytesRead) / sizeBytes)} %, ${left} s left)` : '';
      const text = `${path}: ${count(rows)} rows${share}, ${count(rate)}/s, ${count(rejected)} rejected`;
      messages.info('import_progress', text, {
        file: path,
        ...progress,
        rows_per_second: rate,
        seconds_left: left,
      });
    },
    stop: () => {},
  };
}

function ratePerSecond(rows: number, elapsedMs: number): number {
  return elapsedMs > 0 ? Math.round((1_000 * rows) / elapsedMs) : 0;
}

function secondsLeft({ bytesRead, sizeBytes }: ImportProgress, elapsedMs: number): number | null {
  if (sizeBytes === undefined || bytesRead === 0) return null;
  return Math.round(((sizeBytes - bytesRead) * elapsedMs) / bytesRead / 1_000);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
