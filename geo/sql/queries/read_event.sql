-- One event. Params: event_id. Returns event_id, kind, name, reference_at, closed_at. closed_at NULL: open.
-- Index: primary key.
SELECT event_id, kind, name, reference_at, closed_at
FROM ops.event WHERE event_id = %(event_id)s AND superseded_at IS NULL
