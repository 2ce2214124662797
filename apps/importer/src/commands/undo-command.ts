import type { UndoResult } from '@event-analytics/timescale';

import { EXIT, interruptedBy, type ExitCode } from '../exit-codes.js';
import type { Messages } from '../report/messages.js';
import type { ShareProgress } from '../report/share-progress.js';

export interface UndoDependencies {
  undo: (onProgress: (share: number) => void) => Promise<UndoResult>;
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
  try {
    const { removed, kept, interrupted } = await undo(progress.update);
    progress.stop();
    const summary = { id, removed, kept, seconds: seconds(), interrupted, error: null };
    const counts = `${n(removed)} events removed, ${n(kept)} kept that came otherwise as well`;
    if (interrupted) {
      const text = `interrupted: ${counts}; "event-importer import undo ${id}" goes on`;
      messages.warn('undo_interrupted', text);
      return { summary, exitCode: interruptedBy(signal) };
    }
    messages.info('import_undone', `import ${id} undone in ${summary.seconds} s: ${counts}`);
    return { summary, exitCode: EXIT.ok };
  } catch (error) {
    progress.stop();
    const reason = describe(error);
    messages.error('undo_failed', reason);
    return {
      summary: { id, removed: 0, kept: 0, seconds: seconds(), interrupted: false, error: reason },
      exitCode: EXIT.failed,
    };
  }
}
