import { SingleBar } from 'cli-progress';

import type { Messages } from './messages.js';

/** How far something is that knows its end. */
export interface ShareProgress {
  /** @param share 0 to 1 */
  update: (share: number) => void;
  /** Clears the terminal's line, so that other output can follow. */
  stop: () => void;
}

export const silentShare: ShareProgress = { update: () => {}, stop: () => {} };

export function createShareBar(terminal: NodeJS.WriteStream, what: string): ShareProgress {
  const bar = new SingleBar({
    stream: terminal,
    format: `${what} {bar} {percentage}% | {eta_formatted} left`,
    hideCursor: null,
    fps: 5,
  });
  let started = false;
  return {
    update: (share) => {
      if (!started) bar.start(1, 0);
      started = true;
      bar.update(share);
    },
    stop: () => bar.stop(),
  };
}

const LINE_EVERY_MS = 5_000;

/** A line every few seconds, where no terminal shows a bar. */
export function createShareLines(messages: Messages, clock: () => number, what: string): ShareProgress {
  const startedAt = clock();
  let lastLineAt = startedAt;
  return {
    update: (share) => {
      const now = clock();
      if (now - lastLineAt < LINE_EVERY_MS) return;
      lastLineAt = now;
      const left = share > 0 ? Math.round(((1 - share) * (now - startedAt)) / share / 1_000) : null;
      const percent = Math.floor(100 * share);
      const text = `${what}: ${percent} %${left === null ? '' : `, ${left} s left`}`;
      messages.info(`${what.replaceAll(' ', '_')}_progress`, text, { percent, seconds_left: left });
    },
    stop: () => {},
  };
}
