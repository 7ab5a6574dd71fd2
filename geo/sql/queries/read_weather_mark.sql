-- How far weather has come in: rises with each transaction that wrote any.
-- Params: none. Returns: one row, 0 before the first. Index: primary key.
SELECT coalesce(max(position), 0) FROM raw.weather_batch
