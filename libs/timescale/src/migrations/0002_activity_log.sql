-- What each write really inserted, for the index of statistics: one row per write transaction, made
-- by the same statement as the events. Entry i of the four arrays is one distinct
-- (15 minutes, type, user) of those rows and how many there were; the bucket is
-- floor(epoch seconds / 900).
--
-- Only ever appended to, so that writers share no row, take no locks in any order and never wait for
-- each other. The indexer will fold the rows into its bitmaps and delete them (consumed by
-- DELETE … RETURNING, not by a watermark: ids are not committed in order).
CREATE TABLE activity_log (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  logged_at   timestamptz NOT NULL DEFAULT now(),
  buckets     int4[] NOT NULL,
  event_types text[] COLLATE "C" NOT NULL,
  user_ids    text[] COLLATE "C" NOT NULL,
  counts      int4[] NOT NULL
);
