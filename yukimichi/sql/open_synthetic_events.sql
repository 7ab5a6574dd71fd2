-- Open events that the simulator made. Params: none. Returns: event_id, reference_at. Index: none, a few rows.
SELECT event_id, reference_at FROM ops.event WHERE is_synthetic AND closed_at IS NULL AND superseded_at IS NULL
