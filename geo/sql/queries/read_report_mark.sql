-- How far the daily reports have come. Params: none. Returns received_at (facts recorded before it are in; NULL: none), key
-- (of settings and basis); no row: they were never worked out. Index: primary key.
SELECT received_at, detail ->> 'key' FROM ops.watermark WHERE stage = 'reports'
