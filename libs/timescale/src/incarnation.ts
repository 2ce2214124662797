/**
 * An expression whose value is another when the server was started anew, when another one has taken its place, and when
 * the tables were restored. Folds that were seen may be lost then, and their numbers given again: numbers of folds and of
 * types mean something only within one incarnation.
 */
export const INCARNATION =
  "pg_relation_filepath('activity_state') || '@' || extract(epoch FROM pg_postmaster_start_time())";
