-- When retention ran last. Params: none. Returns received_at; no row: never. Index: primary key.
SELECT received_at FROM ops.watermark WHERE stage = 'retention'
