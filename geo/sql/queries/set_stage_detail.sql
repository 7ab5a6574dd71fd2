-- Keep what a run of a stage leaves.
-- Params: stage text, detail jsonb. Returns: nothing. Index: primary key. received_at stays NULL: it is of no time.
INSERT INTO ops.watermark (stage, detail) VALUES (%(stage)s, %(detail)s)
ON CONFLICT (stage) DO UPDATE SET detail = excluded.detail
