-- Traces that touch a span of time, as known at a moment.
-- Params: from_at, to_at; known_at ('infinity': all that is known now); vehicle_ids (NULL: all vehicles).
-- Returns trace_id, vehicle_id, from_at, to_at, is_timed (false: a ready line), matcher_version. Index: trace_vehicle for
-- what holds now; else none, the table is read.
SELECT t.trace_id, t.vehicle_id, lower(t.during) AS from_at, upper(t.during) AS to_at, t.n_fixes > 0 AS is_timed,
       t.matcher_version
FROM ops.trace AS t
WHERE t.during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
  AND t.recorded_at <= %(known_at)s::timestamptz
  AND (t.superseded_at IS NULL OR t.superseded_at > %(known_at)s::timestamptz)
  AND (%(vehicle_ids)s::integer[] IS NULL OR t.vehicle_id = ANY(%(vehicle_ids)s::integer[]))
ORDER BY t.vehicle_id, lower(t.during), t.trace_id
