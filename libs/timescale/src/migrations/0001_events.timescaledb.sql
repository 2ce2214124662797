-- Events on TimescaleDB: a hypertable, chunks of 7 days. The table is the one of
-- 0001_events.partitions.sql, where its key, collations and index are explained.
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
  chunk_time_interval => interval '7 days', create_default_indexes => false);

CREATE INDEX events_occurred_at ON events USING brin (occurred_at) WITH (pages_per_range = 32, autosummarize = on);
