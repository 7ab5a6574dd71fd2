-- Say what the rows of ops.snow_cell rest on now. Params: detail (jsonb). Returns nothing. Index: primary key.
INSERT INTO ops.watermark (stage, detail) VALUES ('snow', %(detail)s)
ON CONFLICT (stage) DO UPDATE SET detail = excluded.detail
