-- How far a stage has come. Params: stage. Returns position in raw.batch; no row: the stage never ran. Index: primary key.
SELECT position FROM ops.watermark WHERE stage = %(stage)s
