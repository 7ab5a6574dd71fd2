-- Open a storm or a callout.
-- Params: kind, name, reference_at, is_synthetic. Returns event_id.
INSERT INTO ops.event (kind, name, reference_at, is_synthetic)
VALUES (%(kind)s, %(name)s, %(reference_at)s, %(is_synthetic)s) RETURNING event_id
