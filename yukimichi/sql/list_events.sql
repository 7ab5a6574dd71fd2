-- Events as known now, the newest first; all their rows with is_all, those that were corrected too.
-- Params: is_all. Returns: event_id, kind, name, reference_at, closed_at (NULL: open), area_kind, area (NULL: everybody),
-- depth_cm (NULL: none), is_synthetic, amends_event_id (NULL: its first word), recorded_at, superseded_at (NULL: it stands).
-- Index: none, some dozens of rows a winter.
SELECT event_id, kind, name, reference_at, closed_at, area_kind, area, depth_cm, is_synthetic, amends_event_id,
       recorded_at, superseded_at
FROM ops.event WHERE superseded_at IS NULL OR %(is_all)s ORDER BY reference_at DESC, event_id DESC
