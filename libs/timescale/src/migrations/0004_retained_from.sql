-- How long raw events are kept. docs/adr/0011 says why it looks like this.

-- Events from before this instant were dropped, and none is stored any more: it could have been there and
-- been counted. It only ever moves forward, in the transaction that drops.
ALTER TABLE event_storage ADD COLUMN retained_from timestamptz NOT NULL DEFAULT '-infinity';

-- As before, but what was dropped is not made anew.
ALTER FUNCTION events_make_partitions(date[]) RENAME TO events_make_missing_partitions;
CREATE FUNCTION events_make_partitions(starts date[]) RETURNS void
  LANGUAGE plpgsql
  SET lock_timeout = '2s'
  SET timezone = 'UTC'
AS $$
BEGIN
  -- Before the watermark is read: a drop that is under way moves it.
  PERFORM pg_advisory_xact_lock(hashtextextended('event_analytics.partitions', 0));
  PERFORM events_make_missing_partitions(ARRAY(
    SELECT start FROM unnest(starts) AS start, event_storage WHERE start::timestamptz >= retained_from));
END $$;

-- The partitions or chunks that lie before the instant with all that they can hold.
CREATE FUNCTION events_expired(before timestamptz) RETURNS TABLE (partition text, ends timestamptz)
  LANGUAGE plpgsql STABLE
  SET timezone = 'UTC'
AS $$
BEGIN
  IF (SELECT kind FROM event_storage) = 'timescaledb' THEN
    RETURN QUERY
      SELECT format('%I.%I', chunk_schema, chunk_name), range_end
      FROM timescaledb_information.chunks
      WHERE hypertable_schema = current_schema() AND hypertable_name = 'events' AND range_end <= before;
  ELSE
    RETURN QUERY
      SELECT name, upper_bound::timestamptz
      FROM (
        SELECT oid::regclass::text AS name,
          (regexp_match(pg_get_expr(relpartbound, oid), $bound$TO \('([^']+)'\)$bound$))[1] AS upper_bound
        FROM pg_inherits JOIN pg_class ON oid = inhrelid
        WHERE inhparent = 'events'::regclass
      ) AS partitions
      WHERE upper_bound::timestamptz <= before;
  END IF;
END $$;

-- Drops the oldest partitions or chunks that lie before the instant, and moves the watermark to their end.
-- To be called as a statement of its own: its locks are then held for as long as the server needs, however
-- slow the client is. It gives up (55P03) rather than have writers wait long behind it.
--
-- The lock on events is what makes the watermark right. A write has locked events before its snapshot was
-- taken: either it is committed before the lock is had here, or it begins after the commit of this and
-- sees the new watermark. The same goes for a statistic that locks events, and then reads the watermark.
CREATE FUNCTION events_drop_expired(before timestamptz, at_most int, OUT dropped int, OUT awaits_index boolean)
  LANGUAGE plpgsql
  SET lock_timeout = '2s'
  SET timezone = 'UTC'
AS $$
DECLARE
  partitions text[];
  until timestamptz;
BEGIN
  dropped := 0;
  awaits_index := false;
  IF NOT pg_try_advisory_xact_lock(hashtextextended('event_analytics.upkeep', 0)) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('event_analytics.partitions', 0));
  SELECT array_agg(partition), max(ends) INTO partitions, until
  FROM (SELECT partition, ends FROM events_expired(before) ORDER BY ends LIMIT at_most) AS oldest;
  IF until IS NULL THEN
    RETURN;
  END IF;

  -- Who builds an index reads events under the fold's lock. The update has a step fail that took its
  -- snapshot and is waiting for the lock: it would find neither the events nor the watermark.
  PERFORM pg_advisory_xact_lock(hashtextextended('event_analytics.fold', 0));
  UPDATE activity_state SET seq = seq;
  awaits_index := EXISTS (
    SELECT FROM activity_indexes
    WHERE state = 'building' AND built_before < date_part('epoch', until) / 900);
  IF awaits_index THEN
    RETURN;
  END IF;

  SET LOCAL lock_timeout = '300ms';
  LOCK TABLE ONLY events IN ACCESS EXCLUSIVE MODE;
  UPDATE event_storage SET retained_from = until WHERE retained_from < until;
  IF (SELECT kind FROM event_storage) = 'timescaledb' THEN
    PERFORM drop_chunks('events', older_than => until);
  ELSE
    EXECUTE 'DROP TABLE ' || array_to_string(partitions, ', ');
  END IF;
  dropped := cardinality(partitions);
END $$;
