-- How far every stage has come. Params: none. Returns stage, position. Index: none; a row a stage.
SELECT stage, position FROM ops.watermark
