-- Storms and callouts that overlap a span, the oldest first.
-- Params: from_at, to_at: from the first, before the second. Returns event_id, reference_at, closed_at (NULL: open), whether
-- it was found in the weather. Index: none, a small table.
SELECT e.event_id, e.reference_at, e.closed_at, f.event_id IS NOT NULL
FROM ops.event AS e LEFT JOIN ops.storm_found AS f USING (event_id)
WHERE e.kind <> 'standing' AND e.superseded_at IS NULL
  AND e.reference_at < %(to_at)s::timestamptz AND (e.closed_at IS NULL OR e.closed_at > %(from_at)s::timestamptz)
ORDER BY e.reference_at, e.event_id
