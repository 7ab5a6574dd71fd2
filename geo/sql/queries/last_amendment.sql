-- When facts of a span of time were amended last, as known at a moment.
-- Params: reference_at, as_of (both inclusive), known_at ('infinity': all that is known now). Returns recorded_at; NULL:
-- they never were. Index: amendment_during.
SELECT max(recorded_at) FROM ops.amendment
WHERE during && tstzrange(%(reference_at)s::timestamptz, %(as_of)s::timestamptz, '[]')
  AND recorded_at <= %(known_at)s::timestamptz
