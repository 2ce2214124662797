import type { ReindexResult } from '@event-analytics/timescale';

import { EXIT, interruptedBy, type ExitCode } from '../exit-codes.js';
import type { Messages } from '../report/messages.js';
import type { ShareProgress } from '../report/share-progress.js';

export interface ReindexDependencies {
  reindex: (onProgress: (share: number) => void) => Promise<ReindexResult>;
  /** Is what is wrong the zones that were named? */
  isUsage: (error: unknown) => boolean;
  describe: (error: unknown) => string;
  clock: () => number;
  messages: Messages;
  progress: ShareProgress;
  signal: AbortSignal;
}

export interface ReindexSummary {
  zones: string[];
  seconds: number;
  interrupted: boolean;
  error: string | null;
}

/** Builds the index of statistics anew. */
export async function runReindex(
  dependencies: ReindexDependencies,
): Promise<{ summary: ReindexSummary; exitCode: ExitCode }> {
  const { clock, describe, isUsage, messages, progress } = dependencies;
  const startedAt = clock();
  const seconds = (): number => Math.round(clock() - startedAt) / 1_000;
  try {
    const { zones, interrupted } = await dependencies.reindex(progress.update);
    progress.stop();
    const summary = { zones, seconds: seconds(), interrupted, error: null };
    if (interrupted) {
      const text = 'interrupted: the old index answers; the jetstream-writer goes on building the new one';
      messages.warn('reindex_interrupted', text);
      return { summary, exitCode: interruptedBy(dependencies.signal) };
    }
    messages.info(
      'reindexed',
      `built anew in ${summary.seconds} s: ${zones.join(', ') || 'no zone is indexed'}`,
    );
    return { summary, exitCode: EXIT.ok };
  } catch (error) {
    progress.stop();
    const reason = describe(error);
    messages.error('reindex_failed', reason);
    const summary = { zones: [], seconds: seconds(), interrupted: false, error: reason };
    return { summary, exitCode: isUsage(error) ? EXIT.usage : EXIT.failed };
  }
}
