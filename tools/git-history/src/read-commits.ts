import { spawn } from 'node:child_process';

import type { Commit } from './commit.js';

export class GitError extends Error {
  override readonly name = 'GitError';
}

/** hash, parents, author date in seconds, email, name, subject: no field can hold the NUL between them. */
const FIELDS = ['%H', '%P', '%at', '%ae', '%an', '%s'];

const STDERR_KEPT_MAX = 2_000;

/** The commits reachable from `ref`, parents first, streamed: the history is never held here as a whole. */
export async function* readCommits(repository: string, ref: string): AsyncGenerator<Commit> {
  const git = spawn(
    'git',
    [
      ...['-C', repository, '-c', 'log.showSignature=false', '-c', 'i18n.logOutputEncoding=UTF-8'],
      ...['log', '--reverse', '-z', '--no-color', '--no-notes', '--no-mailmap'],
      ...[`--format=tformat:${FIELDS.join('%x00')}`, '--end-of-options', ref, '--'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let complaint = '';
  git.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, STDERR_KEPT_MAX);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    git.once('error', (cause) => reject(new GitError(`git cannot be run: ${cause.message}`, { cause })));
    git.once('close', resolve);
  });
  // It is awaited below; a git that cannot be run must not end the process before that.
  ended.catch(() => undefined);
  try {
    let fields: string[] = [];
    for await (const field of splitAtNul(git.stdout as AsyncIterable<Buffer>)) {
      fields.push(decodeText(field));
      if (fields.length < FIELDS.length) continue;
      yield toCommit(fields);
      fields = [];
    }
    const code = await ended;
    if (code !== 0) throw new GitError(complaint.trim() || `git ended with ${String(code)}`);
  } finally {
    git.kill();
  }
}

function toCommit(fields: string[]): Commit {
  const [hash = '', parents = '', authoredAt = '', authorEmail = '', authorName = '', subject = ''] = fields;
  return {
    hash,
    parents: parents === '' ? [] : parents.split(' '),
    authoredAtSeconds: /^-?\d{1,15}$/.test(authoredAt) ? Number(authoredAt) : undefined,
    authorEmail,
    authorName,
    subject,
  };
}

async function* splitAtNul(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      begun.push(chunk.subarray(start, end));
      yield begun.length === 1 ? (begun[0] as Uint8Array) : Buffer.concat(begun);
      begun = [];
      start = end + 1;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  }
}

/** Old commits hold names in any encoding. As Latin-1 every byte stays distinct: two people never become one. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
