-- Open an event, or write the new row of one that is corrected.
-- Params: kind, name, reference_at, closed_at (NULL: open), area_kind, area (both NULL: everybody), depth_cm (NULL: none),
-- is_synthetic, amends_event_id (NULL: its first word), callout_key, callout_digest (NULL: not imported). Returns event_id.
INSERT INTO ops.event (kind, name, reference_at, closed_at, area_kind, area, depth_cm, is_synthetic, amends_event_id,
                       callout_key, callout_digest)
VALUES (%(kind)s, %(name)s, %(reference_at)s, %(closed_at)s, %(area_kind)s, %(area)s, %(depth_cm)s, %(is_synthetic)s,
        %(amends_event_id)s, %(callout_key)s, %(callout_digest)s)
RETURNING event_id
