-- The first moment that anything is told of, and the moments around a gap.
-- Params: at. Returns one row (first_at, last_before, next_from); NULL: there is none.
-- Index: past_span_from; the table has a few rows an event.
SELECT min(from_at) AS first_at, max(to_at) FILTER (WHERE to_at <= %(at)s) AS last_before,
       min(from_at) FILTER (WHERE from_at > %(at)s) AS next_from
FROM pub.past_span
