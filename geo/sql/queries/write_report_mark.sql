-- Note how far the daily reports have come. Params: received_at, key. Returns nothing. Index: primary key.
INSERT INTO ops.watermark AS old (stage, received_at, detail)
VALUES ('reports', %(received_at)s, jsonb_build_object('key', %(key)s::text))
ON CONFLICT (stage) DO UPDATE SET received_at = excluded.received_at, detail = excluded.detail
