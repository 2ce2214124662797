-- Events on plain PostgreSQL: one partition a calendar month (UTC).
--
-- The primary key is the identity of an event: the same id and instant is stored once, whoever sends
-- it how often. User and type are compared and sorted by code point (COLLATE "C"): exact, the same on
-- every machine, and several times cheaper than a language's rules.
--
-- No index on user or type: a second B-tree of random keys costs about as much as the row and its
-- primary key together, on every insert, for ever. A BRIN index costs next to nothing and lets a range
-- of days skip what it does not need of a month.
CREATE TABLE events (
  event_id    uuid        NOT NULL,
  occurred_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  user_id     text        COLLATE "C" NOT NULL,
  event_type  text        COLLATE "C" NOT NULL,
  properties  jsonb       NOT NULL DEFAULT '{}',
  PRIMARY KEY (event_id, occurred_at)
) PARTITION BY RANGE (occurred_at);

CREATE INDEX events_occurred_at ON events USING brin (occurred_at) WITH (pages_per_range = 32, autosummarize = on);

-- Makes the partitions of the months that begin at the dates given, those that are not there.
-- To be called in a transaction of its own: made inside of a write, two writers would wait for each
-- other. LIKE and ATTACH, because CREATE TABLE … PARTITION OF locks out every reader and writer.
-- The callers queue at the advisory lock; lock_timeout lets them give up, to be tried again.
CREATE FUNCTION events_make_partitions(months date[]) RETURNS void
  LANGUAGE plpgsql
  SET lock_timeout = '2s'
  SET timezone = 'UTC'
AS $$
DECLARE
  month date;
  partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('event_analytics.partitions', 0));
  FOREACH month IN ARRAY months LOOP
    partition := 'events_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      partition, month::timestamptz, (month + interval '1 month')::timestamptz);
  END LOOP;
END $$;
