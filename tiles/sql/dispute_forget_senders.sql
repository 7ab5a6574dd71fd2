-- Forget senders whose buckets are full again, and salts older than yesterday's, which forms of this morning still carry.
-- Params: day (today in UTC), full_s (after so long any bucket is full). Returns nothing. Indexes: dispute_bucket_at,
-- primary key.
WITH salts AS (DELETE FROM app.dispute_salt WHERE day < %(day)s::date - 1)
DELETE FROM app.dispute_bucket WHERE at < clock_timestamp() - make_interval(secs => least(%(full_s)s::float8, 86400))
