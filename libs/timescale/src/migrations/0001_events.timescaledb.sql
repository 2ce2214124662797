-- Events on TimescaleDB: a hypertable. The table is the one of 0001_events.partitions.sql, where its
-- key, collations and index are explained.
--
-- Chunks of 28 days, about the months of the other storage: whoever asks for first events reads every
-- chunk there is, and each costs three locks (of max_locks_per_transaction, 64 by default, times the
-- connections) and planning time. Twenty years are 260 chunks; at TimescaleDB's default of 7 days a
-- few such questions at once run out of locks. Where one chunk's key outgrows memory (from some ten
-- million events a day), set_chunk_time_interval('events', …) makes the coming chunks shorter.
CREATE TABLE events (
  event_id    uuid        NOT NULL,
  occurred_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  user_id     text        COLLATE "C" NOT NULL,
  event_type  text        COLLATE "C" NOT NULL,
  properties  jsonb       NOT NULL DEFAULT '{}',
  PRIMARY KEY (event_id, occurred_at)
);

SELECT create_hypertable('events', 'occurred_at',
  chunk_time_interval => interval '28 days', create_default_indexes => false);

CREATE INDEX events_occurred_at ON events USING brin (occurred_at) WITH (pages_per_range = 32, autosummarize = on);

-- Makes the chunks that the dates given fall into, those that are not there. To be called in a
-- transaction of its own: made inside of a write, as TimescaleDB would, two writers wait for each other.
-- A row makes its chunk; deleted in the same transaction, it is never seen.
CREATE FUNCTION events_make_partitions(dates date[]) RETURNS void
  LANGUAGE plpgsql
  SET lock_timeout = '2s'
  SET timezone = 'UTC'
AS $$
DECLARE
  at timestamptz;
  probe uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('event_analytics.partitions', 0));
  FOREACH at IN ARRAY dates::timestamptz[] LOOP
    CONTINUE WHEN EXISTS (
      SELECT FROM timescaledb_information.chunks
      WHERE hypertable_schema = current_schema() AND hypertable_name = 'events'
        AND range_start <= at AND range_end > at);
    probe := gen_random_uuid();
    INSERT INTO events (event_id, occurred_at, user_id, event_type) VALUES (probe, at, '', '');
    DELETE FROM events WHERE event_id = probe AND occurred_at = at;
  END LOOP;
END $$;
