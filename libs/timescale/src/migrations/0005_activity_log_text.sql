-- What a write inserted as one text instead of four arrays, which cost both sides more to make and to take
-- apart than all the rest of the log. A line for each (15 minutes, type): the bucket, the type, and then the
-- user of each of its events, with tabs between them. A user of several of these events stands there as often.
--
-- The arrays remain: for what was logged before, what a fold puts back, and names that hold control characters.
ALTER TABLE activity_log
  ADD COLUMN events int,
  ADD COLUMN activity text COLLATE "C",
  ALTER COLUMN buckets DROP NOT NULL,
  ALTER COLUMN event_types DROP NOT NULL,
  ALTER COLUMN user_ids DROP NOT NULL,
  ALTER COLUMN counts DROP NOT NULL,
  ADD CHECK (
    CASE WHEN activity IS NULL
      THEN buckets IS NOT NULL AND event_types IS NOT NULL AND user_ids IS NOT NULL AND counts IS NOT NULL
      ELSE events IS NOT NULL AND coalesce(buckets, counts) IS NULL AND coalesce(event_types, user_ids) IS NULL
    END);
