import { SingleBar } from 'cli-progress';

import type { Messages } from '../report/messages.js';
import type { Written } from './write-text.js';

/** How far an export is; where it ends is not known. */
export interface ExportProgress {
  update: (written: Written) => void;
  /** Clears the terminal's line, so that other output can follow. */
  stop: () => void;
}

export const silentExport: ExportProgress = { update: () => {}, stop: () => {} };

export function createExportBar(terminal: NodeJS.WriteStream, clock: () => number): ExportProgress {
  const startedAt = clock();
  const bar = new SingleBar({
    stream: terminal,
    format: 'export {events} events | {rate}/s | {megabytes} MB',
    hideCursor: null,
    fps: 5,
  });
  let started = false;
  return {
    update: (written) => {
      const fields = fieldsOf(written, clock() - startedAt);
      if (!started) bar.start(1, 0, fields);
      started = true;
      bar.update(0, fields);
    },
    stop: () => bar.stop(),
  };
}

const LINE_EVERY_MS = 5_000;

/** A line every few seconds, where no terminal shows a bar. */
export function createExportLines(messages: Messages, clock: () => number): ExportProgress {
  const startedAt = clock();
  let lastLineAt = startedAt;
  return {
    update: (written) => {
      const now = clock();
      if (now - lastLineAt < LINE_EVERY_MS) return;
      lastLineAt = now;
      const { events, rate, megabytes } = fieldsOf(written, now - startedAt);
      const text = `export: ${events} events, ${rate}/s, ${megabytes} MB`;
      messages.info('export_progress', text, { ...written });
    },
    stop: () => {},
  };
}

function fieldsOf(
  { events, bytes }: Written,
  elapsedMs: number,
): Record<'events' | 'rate' | 'megabytes', string> {
  const count = (value: number): string => Math.round(value).toLocaleString('en-US');
  return {
    events: count(events),
    rate: count(elapsedMs > 0 ? (1_000 * events) / elapsedMs : 0),
    megabytes: count(bytes / 1e6),
  };
}
