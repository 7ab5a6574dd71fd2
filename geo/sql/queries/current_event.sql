-- The event that holds at a moment, as known at another: of the storms and callouts open then the one that began last,
-- those for everybody before those for one area; else the standing watch.
-- Params: as_of, known_at ('infinity': all that is known now). Returns event_id, kind, name, reference_at.
-- Index: none, a small table. The standing watch has been known always. closed_recorded_at NULL: its end was known from
-- the first.
SELECT event_id, kind, name, reference_at
FROM ops.event
WHERE reference_at <= %(as_of)s
  AND (closed_at IS NULL OR closed_at > %(as_of)s OR closed_recorded_at > %(known_at)s::timestamptz)
  AND (recorded_at <= %(known_at)s::timestamptz OR kind = 'standing')
  AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
ORDER BY (kind = 'standing'), (area_kind IS NOT NULL), reference_at DESC, event_id DESC LIMIT 1
