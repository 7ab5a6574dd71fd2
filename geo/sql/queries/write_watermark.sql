-- Move the mark of a stage.
-- Params: stage, received_at, detail (jsonb). Returns nothing. Index: primary key.
INSERT INTO ops.watermark AS old (stage, received_at, detail) VALUES (%(stage)s, %(received_at)s, %(detail)s)
ON CONFLICT (stage) DO UPDATE SET received_at = excluded.received_at, detail = excluded.detail
WHERE (old.received_at, old.detail) IS DISTINCT FROM (excluded.received_at, excluded.detail)
