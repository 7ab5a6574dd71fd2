-- The newest batch. Params: none. Returns position, received_at; no row: none ever came. Index: primary key, backwards.
SELECT position, received_at FROM raw.batch ORDER BY position DESC LIMIT 1
