-- What the rows of ops.snow_cell rest on. Params: none. Returns detail (jsonb); no row: it was never worked out.
-- Index: primary key.
SELECT detail FROM ops.watermark WHERE stage = 'snow'
