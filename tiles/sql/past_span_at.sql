-- Which event was the published one at a moment: what is known from facts before what was published then.
-- Params: at. Returns at most one row; none: nothing is told of that moment. to_at NULL: it still is; known_at NULL: its
-- states are those that were published; step_s NULL: every publication was kept.
-- Index: past_span_from; the table has a few rows an event.
SELECT event_id, event_kind, event_name, reference_at, from_at, to_at, known_at, step_s, is_closed, past_version,
       synthetic
FROM pub.past_span
WHERE from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s)
ORDER BY known_at IS NULL, reference_at DESC, event_id DESC LIMIT 1
