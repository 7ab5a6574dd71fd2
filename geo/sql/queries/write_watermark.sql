-- Move the mark of a stage, never back. Params: stage, position. Returns nothing. Index: primary key.
INSERT INTO ops.watermark AS old (stage, position) VALUES (%(stage)s, %(position)s)
ON CONFLICT (stage) DO UPDATE SET position = excluded.position WHERE old.position < excluded.position
