-- History that is scattered over many days is put in the order of days before it is folded: a row then holds what
-- several writes had of one UTC day (its number since 1970-01-01), as text (see 0005). Folded as it was written, it
-- would cost a row of the index for nearly every event.
--
-- NULL: as a write logged it.
ALTER TABLE activity_log ADD COLUMN day int CHECK (day IS NULL OR (historical AND activity IS NOT NULL));

DROP INDEX activity_log_order;
CREATE INDEX activity_log_order ON activity_log (historical, id) WHERE day IS NULL;
CREATE INDEX activity_log_days ON activity_log (day, id) WHERE day IS NOT NULL;
CREATE INDEX activity_log_days_order ON activity_log (id) WHERE day IS NOT NULL;
