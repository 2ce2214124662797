import { commitEvent, type CommitEvent } from './commit-event.js';
import { readCommits } from './read-commits.js';

export interface HistoryOptions {
  repository: string;
  /** A branch, tag or range. */
  ref: string;
  salt: string | undefined;
  /** Told of each commit whose author date no timestamp can spell; it is left out. */
  onUndated: (hash: string) => void;
}

/** The events of a history, in the order of its commits, parents first. */
export async function* historyEvents(options: HistoryOptions): AsyncGenerator<CommitEvent> {
  for await (const commit of readCommits(options.repository, options.ref)) {
    const event = commitEvent(commit, options.salt);
    if (event) yield event;
    else options.onUndated(commit.hash);
  }
}
