-- Keep the key and the report of a laying of plans.
-- Params: detail jsonb. Returns: nothing. Index: primary key. received_at stays NULL: a plan is of no time.
INSERT INTO ops.watermark (stage, detail) VALUES ('plans', %(detail)s)
ON CONFLICT (stage) DO UPDATE SET detail = EXCLUDED.detail
