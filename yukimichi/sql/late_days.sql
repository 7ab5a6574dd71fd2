-- UTC days with fixes that came in after the day, or the one before or after it, had been moved to the archive, so that
-- matching had to leave them alone. Params: none. Returns day, ascending.
-- Index: fix_batch of the partitions; of raw.batch the rows of the last weeks are looked through once a day.
SELECT DISTINCT d.day
FROM raw.archive_day AS a
JOIN raw.batch AS b ON b.kind = 'fixes' AND b.received_at > a.archived_at
 AND b.first_at < (a.day + 2)::timestamp AT TIME ZONE 'UTC' AND b.last_at >= (a.day - 1)::timestamp AT TIME ZONE 'UTC'
CROSS JOIN LATERAL (VALUES (a.day - 1), (a.day), (a.day + 1)) AS d (day)
WHERE a.restored_at IS NULL
  AND EXISTS (SELECT FROM raw.fix AS f
              WHERE f.batch_id = b.batch_id AND f.at >= d.day::timestamp AT TIME ZONE 'UTC'
                AND f.at < (d.day + 1)::timestamp AT TIME ZONE 'UTC')
ORDER BY d.day
