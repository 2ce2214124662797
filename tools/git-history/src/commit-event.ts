import { createHash, createHmac } from 'node:crypto';
import { v5 as uuidV5 } from 'uuid';

import type { Commit } from './commit.js';
import { eventTypeOf } from './event-type.js';

/** Fixed for ever: another namespace would give every commit another event_id, and count it twice. */
const COMMIT_NAMESPACE = '42eea1af-a191-5475-baa8-f63024e826cc';

/** 128 bits: no two authors of any history meet. */
const USER_ID_LENGTH = 32;
const SHORT_HASH_LENGTH = 12;
/** Code points. */
const SUBJECT_LENGTH_MAX = 120;

export interface CommitEvent {
  event_id: string;
  occurred_at: string;
  user_id: string;
  event_type: string;
  properties: { commit: string; parents: number; subject: string };
}

/**
 * The event of a commit, or undefined where its author date is none that a timestamp can spell. `salt`, if
 * given, keeps the hashed email from being found by hashing known addresses.
 */
export function commitEvent(commit: Commit, salt: string | undefined): CommitEvent | undefined {
  const occurredAt = timestamp(commit.authoredAtSeconds);
  if (occurredAt === undefined) return undefined;
  return {
    event_id: uuidV5(commit.hash, COMMIT_NAMESPACE),
    occurred_at: occurredAt,
    user_id: userId(commit, salt),
    event_type: eventTypeOf(commit),
    properties: {
      commit: commit.hash.slice(0, SHORT_HASH_LENGTH),
      parents: commit.parents.length,
      subject: [...commit.subject].slice(0, SUBJECT_LENGTH_MAX).join(''),
    },
  };
}

function timestamp(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const date = new Date(seconds * 1_000);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9_999 ? date.toISOString() : undefined;
}

/** Who authored it: one email is one person, however its letters are cased. */
function userId({ authorEmail, authorName }: Commit, salt: string | undefined): string {
  const identity = authorEmail.trim().toLowerCase() || authorName.trim();
  const hash = salt === undefined ? createHash('sha256') : createHmac('sha256', salt);
  return hash.update(identity).digest('hex').slice(0, USER_ID_LENGTH);
}
