-- What the last laying of plans left: its key and its report.
-- Params: none. Returns: detail jsonb, or no row before the first laying. Index: primary key.
SELECT detail FROM ops.watermark WHERE stage = 'plans'
