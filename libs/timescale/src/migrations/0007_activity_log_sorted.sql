-- History that is scattered over many days is put in the order of days before it is folded, in two steps: rows of what
-- many writes had of one stretch of 32 UTC days (day / 32), and then, stretch by stretch, of one day (its number since
-- 1970-01-01). Folded as it was written, nearly every event of it would cost rows of the index for itself.
--
-- NULL: as a write logged it. Both are texts (see 0005).
ALTER TABLE activity_log
  ADD COLUMN stretch int CHECK (stretch IS NULL OR (historical AND activity IS NOT NULL)),
  ADD COLUMN day int CHECK (day IS NULL OR stretch IS NOT NULL);

DROP INDEX activity_log_order;
CREATE INDEX activity_log_order ON activity_log (historical, id) WHERE stretch IS NULL;
CREATE INDEX activity_log_sorted ON activity_log (id) WHERE stretch IS NOT NULL;
CREATE INDEX activity_log_stretches ON activity_log (stretch, id) WHERE stretch IS NOT NULL AND day IS NULL;
CREATE INDEX activity_log_days ON activity_log (day, id) WHERE day IS NOT NULL;
