-- The position of the last batch. Params: none. Returns: one bigint, 0 before the first. Index: primary key.
SELECT coalesce(max(position), 0) FROM raw.batch
