-- How far a stage has come.
-- Params: stage. Returns received_at, detail; no row: the stage never ran. received_at NULL: it has no such mark.
-- Index: primary key.
SELECT received_at, detail FROM ops.watermark WHERE stage = %(stage)s
