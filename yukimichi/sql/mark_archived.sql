-- A UTC day is in the archive, and raw.fix lacks it from the commit on. Params: day, n_fixes, has_expired.
-- Index: primary key.
INSERT INTO raw.archive_day (day, n_fixes, has_expired) VALUES (%(day)s, %(n_fixes)s, %(has_expired)s)
ON CONFLICT (day) DO UPDATE
SET n_fixes = excluded.n_fixes, has_expired = excluded.has_expired, archived_at = now(), restored_at = NULL
