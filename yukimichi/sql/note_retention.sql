-- Note that retention ran. Params: at. Returns nothing. Index: primary key.
INSERT INTO ops.watermark (stage, received_at) VALUES ('retention', %(at)s)
ON CONFLICT (stage) DO UPDATE SET received_at = excluded.received_at
