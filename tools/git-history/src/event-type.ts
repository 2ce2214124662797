import type { Commit } from './commit.js';

const CONVENTIONAL = /^(feat|fix|docs|style|refactor|perf|test|build|ci|chore)(\([^)]*\))?!?:/i;

/** First words of subjects in repositories without conventional commits. */
const FIRST_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    feat: ['add', 'adds', 'added', 'adding', 'implement', 'implements', 'introduce', 'introduces', 'support'],
    fix: ['fix', 'fixes', 'fixed', 'fixing', 'bugfix', 'hotfix'],
    docs: ['doc', 'docs', 'document', 'documentation', 'readme', 'changelog'],
    test: ['test', 'tests', 'testing'],
    refactor: ['refactor', 'refactors', 'refactoring', 'rename', 'move', 'simplify', 'cleanup'],
    remove: ['remove', 'removes', 'removed', 'removing', 'delete', 'drop'],
    update: ['update', 'updates', 'updated', 'upgrade', 'bump'],
  }).flatMap(([type, words]) => words.map((word) => [word, type] as const)),
);

/**
 * The kind of change: `merge` with two parents or more; `revert` by its subject; the type of a conventional
 * commit; else by the first word of the subject; else `commit`.
 */
export function eventTypeOf({ parents, subject }: Pick<Commit, 'parents' | 'subject'>): string {
  if (parents.length > 1) return 'merge';
  if (/^reverts?\b/i.test(subject)) return 'revert';
  const conventional = CONVENTIONAL.exec(subject)?.[1];
  if (conventional) return conventional.toLowerCase();
  const firstWord = /^[a-z]+/i.exec(subject)?.[0].toLowerCase() ?? '';
  return FIRST_WORDS.get(firstWord) ?? 'commit';
}
