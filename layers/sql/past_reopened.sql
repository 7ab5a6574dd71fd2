-- Open again the spans that past_taken.sql ended at infinity.
-- Params: event_id. Returns nothing. Index: primary key.
UPDATE pub.status_past SET to_at = NULL WHERE event_id = %(event_id)s AND to_at = 'infinity'
