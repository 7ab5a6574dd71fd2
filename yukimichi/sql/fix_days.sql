-- The UTC days that raw.fix has partitions for, ascending, with what raw.archive_day says of them.
-- Params: none. Returns day, is_archived (was moved to the archive before), restored_at (NULL: is not restored).
-- Index: the catalogue's own; primary key of raw.archive_day.
SELECT p.day, a.day IS NOT NULL AS is_archived, a.restored_at
FROM (SELECT to_date(substr(c.relname, 5), 'YYYYMMDD') AS day
      FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'raw.fix'::regclass AND c.relname ~ '^fix_[0-9]{8}$') AS p
LEFT JOIN raw.archive_day AS a USING (day)
ORDER BY p.day
