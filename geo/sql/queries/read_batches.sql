-- What was written after a position, as one: its last position, the batches, the span of their times.
-- Params: position, kind. Returns one row: position (NULL: nothing), batch_ids, first_at, last_at. Index: primary key.
SELECT max(position) AS position, array_agg(DISTINCT batch_id) AS batch_ids, min(first_at) AS first_at,
       max(last_at) AS last_at
FROM raw.batch WHERE position > %(position)s AND kind = %(kind)s
