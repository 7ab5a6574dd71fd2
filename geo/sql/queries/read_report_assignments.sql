-- Assignments of vehicles that touch a span of time, as known at a moment, in the order in which they were made.
-- Params: from_at, to_at, known_at ('infinity': all that is known now). Returns vehicle_id, contractor, machine, route_id,
-- section_id, lower, upper. lower or upper NULL: without that end; route_id or section_id NULL: not of one.
-- Index: none; the table is small.
SELECT vehicle_id, contractor, machine, route_id, section_id, lower(during), upper(during)
FROM ops.assignment
WHERE vehicle_id IS NOT NULL AND during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
  AND recorded_at <= %(known_at)s::timestamptz
  AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
ORDER BY assignment_id
