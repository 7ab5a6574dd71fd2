-- What was written after a position, as one: its last position, the batches, the span of their times.
-- Params: position, kind, most: batches are taken until they hold so many rows. Returns one row: position (NULL:
-- nothing), batch_ids, first_at, last_at. Index: primary key.
SELECT max(position) AS position, array_agg(DISTINCT batch_id) AS batch_ids, min(first_at) AS first_at,
       max(last_at) AS last_at
FROM (
  SELECT position, batch_id, first_at, last_at, sum(n) OVER (ORDER BY position) - n AS n_before
  FROM raw.batch WHERE position > %(position)s AND kind = %(kind)s
) AS next
WHERE n_before < %(most)s
