import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestRepository {
  path: string;
  git: (args: string[], o?: { env?: Record<string, string>; input?: Buffer }) => string;
  /** Adds a commit to the current branch and returns its hash. */
  commit: (o: { subject: string; date: string; email?: string; name?: string }) => string;
}

/** An empty repository that knows nothing of this machine's git configuration. */
export function makeRepository(): TestRepository {
  const path = mkdtempSync(join(tmpdir(), 'git-history-'));
  const isolated = {
    PATH: process.env['PATH'] ?? '',
    HOME: path,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  };
  const git: TestRepository['git'] = (args, { env, input } = {}) =>
    execFileSync('git', ['-C', path, ...args], { env: { ...isolated, ...env }, input, stdio: 'pipe' })
      .toString()
      .trim();
  git(['init', '--quiet', '--initial-branch=main']);
  return {
    path,
    git,
    commit: ({ subject, date, email = 'ann@example.org', name = 'Ann' }) => {
      git(['commit', '--quiet', '--allow-empty', '--allow-empty-message', '-m', subject], {
        env: {
          GIT_AUTHOR_DATE: date,
          GIT_AUTHOR_EMAIL: email,
          GIT_AUTHOR_NAME: name,
          // Another person, much later: what the committer says must not be read as the author's.
          GIT_COMMITTER_DATE: '2030-01-01T00:00:00Z',
          GIT_COMMITTER_EMAIL: 'committer@example.org',
          GIT_COMMITTER_NAME: 'Committer',
        },
      });
      return git(['rev-parse', 'HEAD']);
    },
  };
}

/** A commit object with an author line as no git would write it today. */
export function writeRawCommit(
  repository: TestRepository,
  authorLine: string | Buffer,
  subject: string | Buffer,
): string {
  const parent = repository.git(['rev-parse', 'HEAD']);
  const tree = repository.git(['rev-parse', 'HEAD^{tree}']);
  const input = Buffer.concat([
    Buffer.from(`tree ${tree}\nparent ${parent}\nauthor `),
    Buffer.from(authorLine),
    Buffer.from('\ncommitter C <c@example.org> 1700000000 +0000\n\n'),
    Buffer.from(subject),
  ]);
  const hash = repository.git(['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], { input });
  repository.git(['update-ref', 'refs/heads/main', hash]);
  return hash;
}
