-- An event as it holds. Params: event_id. Returns kind, name, reference_at, closed_at (NULL: open); no row: none has that id.
SELECT kind, name, reference_at, closed_at FROM ops.event WHERE event_id = %(event_id)s AND superseded_at IS NULL
