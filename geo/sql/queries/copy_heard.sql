-- When vehicles were heard in a span: their traces, as known at a moment, for numpy.
-- Params: from_at, to_at (both inclusive), known_at ('infinity': all that is known now).
-- Returns vehicle_id, begin, end, n_fixes, n_unmatched, is_provisional; by vehicle and time. A ready line is a trace
-- without fixes. Index: none for the span alone; traces are few beside passes.
COPY (
  SELECT t.vehicle_id, lower(t.during), upper(t.during), t.n_fixes, t.n_unmatched, t.is_provisional
  FROM ops.trace AS t
  WHERE t.during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
    AND t.recorded_at <= %(known_at)s::timestamptz
    AND (t.superseded_at IS NULL OR t.superseded_at > %(known_at)s::timestamptz)
  ORDER BY t.vehicle_id, lower(t.during), upper(t.during), t.trace_id
) TO STDOUT (FORMAT binary)
