-- What the last run of a stage left.
-- Params: stage text. Returns: detail jsonb, or no row before the first run. Index: primary key.
SELECT detail FROM ops.watermark WHERE stage = %(stage)s
