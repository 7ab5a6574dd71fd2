-- The event that holds at a moment, as known at another: the storm or callout that began last among those open then,
-- else the standing watch.
-- Params: as_of, known_at ('infinity': all that is known now). Returns event_id, kind, name, reference_at.
-- Index: none, a small table. The standing watch has been known always.
SELECT event_id, kind, name, reference_at
FROM ops.event
WHERE reference_at <= %(as_of)s AND (closed_at IS NULL OR closed_at > %(as_of)s)
  AND (recorded_at <= %(known_at)s::timestamptz OR kind = 'standing')
  AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
ORDER BY (kind = 'standing'), reference_at DESC, event_id DESC LIMIT 1
