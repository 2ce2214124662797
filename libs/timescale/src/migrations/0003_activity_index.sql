-- The index of who was active when, folded from activity_log by one indexer at a time and read by the
-- statistics instead of events. docs/adr/0010 says why it looks like this.
--
-- A bucket is floor(epoch seconds / 900); bucket / 96 is a UTC day; a local day is its number since
-- 1970-01-01; a month is (year - 1970) * 12 + month of the year from 0.

-- Entries of more than two days ago: a backlog of history must not make live events wait.
ALTER TABLE activity_log ADD COLUMN historical boolean NOT NULL DEFAULT false;
CREATE INDEX activity_log_order ON activity_log (historical, id);
-- Rows live for a fraction of a second: what they leave behind is to be had back soon.
ALTER TABLE activity_log SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 5000,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000
);

-- Bitmaps hold numbers. They are given out by the fold, under its lock, without gaps; a number is its
-- user's for ever.
CREATE TABLE users (
  user_id text COLLATE "C" PRIMARY KEY,
  number  int NOT NULL
);

-- Type 0 stands for any type.
CREATE TABLE event_types (
  event_type text COLLATE "C" PRIMARY KEY,
  number     int NOT NULL UNIQUE
);

CREATE TABLE activity_state (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- Counts the folds: what a fold wrote has its number, and folds commit in the order of their numbers.
  seq       bigint NOT NULL DEFAULT 0,
  next_user int NOT NULL DEFAULT 0,
  next_type int NOT NULL DEFAULT 1
) WITH (fillfactor = 50);
INSERT INTO activity_state DEFAULT VALUES;

-- One for each time zone whose days are indexed, and one for the counts of events, which are of no
-- zone (zone ''). An index is built from events, step by step, while the log goes on being folded into
-- the part that is built; only a ready one answers.
CREATE TABLE activity_indexes (
  id            smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  zone          text NOT NULL,
  -- refused: events lie where this zone's days cannot be told from quarters of an hour.
  state         text NOT NULL CHECK (state IN ('building', 'ready', 'refused', 'retired')),
  -- Goes up whenever users or counts may have become fewer: whoever remembers anything forgets it.
  generation    int NOT NULL DEFAULT 0,
  -- The fold takes entries of buckets before this one; the rest is still to be read from events.
  built_before  int NOT NULL,
  -- Months before this one have rows of their own ('m') beside those of their days; of this one, the
  -- types before sealed_types.
  sealed_before int NOT NULL,
  sealed_types  int NOT NULL DEFAULT 0,
  -- Buckets before this one were dropped from events before the index was built: it never saw them.
  complete_from int NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX activity_indexes_ready ON activity_indexes (zone) WHERE state = 'ready';
CREATE UNIQUE INDEX activity_indexes_building ON activity_indexes (zone) WHERE state = 'building';

-- Users as a portable roaring bitmap of their numbers, of one day ('d') or month ('m') of the index's
-- zone and one type. A key has several rows: each fold appends what is new as a small one, and merges
-- it with the rows before it that are not much larger, so that a bit is rewritten a logarithmic number
-- of times and no key ever has many rows. The users of a key are the union of its rows.
CREATE TABLE activity_users (
  seq      bigint NOT NULL,
  type     int NOT NULL,
  slot     int NOT NULL,
  index_id smallint NOT NULL,
  unit     "char" NOT NULL CHECK (unit IN ('d', 'm')),
  users    bytea NOT NULL,
  PRIMARY KEY (index_id, unit, type, slot, seq)
);
-- Bitmaps do not compress, and their length is asked for often.
ALTER TABLE activity_users ALTER COLUMN users SET STORAGE EXTERNAL;
-- What has changed since a fold.
CREATE INDEX activity_users_changes ON activity_users (index_id, seq) WHERE unit = 'd';
ALTER TABLE activity_users SET (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);

-- Events of one type and UTC day: in all, and by quarter of an hour (see quarter-counts.ts), so that a
-- day or an hour of any zone can be put together. One row a key, rewritten in place.
CREATE TABLE activity_counts (
  seq      bigint NOT NULL,
  total    bigint NOT NULL,
  day      int NOT NULL,
  type     int NOT NULL,
  index_id smallint NOT NULL,
  quarters bytea NOT NULL,
  PRIMARY KEY (index_id, day, type)
) WITH (fillfactor = 80);
