-- The spans of an event, or of all storms and callouts.
-- Params: event_id (NULL: all but the standing watch). Returns rows as past_span_at.sql does, the newest event first and
-- its spans in order of time. Index: primary key; the table has a few rows an event.
SELECT event_id, event_kind, event_name, reference_at, from_at, to_at, known_at, step_s, is_closed, past_version,
       synthetic
FROM pub.past_span
WHERE CASE WHEN %(event_id)s::bigint IS NULL THEN event_kind <> 'standing' ELSE event_id = %(event_id)s::bigint END
ORDER BY reference_at DESC, event_id DESC, from_at
