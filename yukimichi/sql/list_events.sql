-- Events as known now, the newest first. Params: none. Returns: event_id, kind, name, reference_at, closed_at (NULL:
-- open), is_synthetic. Index: none, some dozens of rows a winter.
SELECT event_id, kind, name, reference_at, closed_at, is_synthetic
FROM ops.event WHERE superseded_at IS NULL ORDER BY reference_at DESC, event_id DESC
