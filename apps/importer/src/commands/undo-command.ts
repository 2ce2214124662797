import type { UndoCounts, UndoResult } from '@event-analytics/timescale';

import { EXIT, interruptedBy, type ExitCode } from '../exit-codes.js';
import type { Messages } from '../report/messages.js';
import type { ShareProgress } from '../report/share-progress.js';

export interface UndoDependencies {
  /** Adds to the counts what it did, also where it throws. */
  undo: (onProgress: (share: number) => void, counts: UndoCounts) => Promise<UndoResult>;
  describe: (error: unknown) => string;
  clock: () => number;
  messages: Messages;
  progress: ShareProgress;
  signal: AbortSignal;
}

export interface UndoSummary {
  id: number;
  removed: number;
  kept: number;
  seconds: number;
  interrupted: boolean;
  error: string | null;
}

/** Removes what an import alone has brought. */
export async function runUndo(
  id: number,
  { undo, describe, clock, messages, progress, signal }: UndoDependencies,
): Promise<{ summary: UndoSummary; exitCode: ExitCode }> {
  const startedAt = clock();
  const seconds = (): number => Math.round(clock() - startedAt) / 1_000;
  const n = (value: number): string => value.toLocaleString('en-US');
  const counts = { removed: 0, kept: 0 };
  const counted = () =>
    `${n(counts.removed)} events removed, ${n(counts.kept)} kept that came otherwise as well`;
  try {
    const { interrupted } = await undo(progress.update, counts);
    progress.stop();
    const summary = { id, ...counts, seconds: seconds(), interrupted, error: null };
    if (interrupted) {
      const text = `interrupted: ${counted()}; "event-importer import undo ${id}" goes on`;
      messages.warn('undo_interrupted', text);
      return { summary, exitCode: interruptedBy(signal) };
    }
    messages.info('import_undone', `import ${id} undone in ${summary.seconds} s: ${counted()}`);
    return { summary, exitCode: EXIT.ok };
  } catch (error) {
    progress.stop();
    const reason = describe(error);
    const begun = counts.removed + counts.kept > 0;
    messages.error('undo_failed', begun ? `${reason}; until then ${counted()}` : reason);
    return {
      summary: { id, ...counts, seconds: seconds(), interrupted: false, error: reason },
      exitCode: EXIT.failed,
    };
  }
}
