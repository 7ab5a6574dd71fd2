-- UTC days that batches touch which matching has not come to. Params: position: up to which it has.
-- Returns first_day, last_day (inclusive), a row a batch. Index: primary key of raw.batch.
SELECT (first_at AT TIME ZONE 'UTC')::date AS first_day, (last_at AT TIME ZONE 'UTC')::date AS last_day
FROM raw.batch WHERE position > %(position)s AND kind = 'fixes'
