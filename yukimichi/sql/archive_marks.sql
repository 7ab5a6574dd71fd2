-- The days that were moved to the archive, ascending. Params: none. Returns day, n_fixes, restored_at (NULL: raw.fix
-- lacks it), has_expired. Index: primary key.
SELECT day, n_fixes, restored_at, has_expired FROM raw.archive_day ORDER BY day
