/** One commit as `git log` tells it. */
export interface Commit {
  hash: string;
  parents: string[];
  /** Seconds since 1970 in which it was authored; undefined where git could not read the date. */
  authoredAtSeconds: number | undefined;
  authorEmail: string;
  authorName: string;
  subject: string;
}
