-- An event is corrected by another row. Params: event_id. Returns event_id; no row: it was corrected already, or is none.
-- Index: primary key.
UPDATE ops.event SET superseded_at = now()
WHERE event_id = %(event_id)s AND superseded_at IS NULL AND kind <> 'standing' RETURNING event_id
