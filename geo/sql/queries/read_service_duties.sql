-- Machines assigned to routes and sections at any time in a span, as known at a moment.
-- Params: from_at, to_at (both inclusive), known_at ('infinity': all that is known now).
-- Returns route_id, section_id, contractor, machine, vehicle_id, from_at, to_at (of the assignment, cut to the span), in a
-- fixed order. route_id or section_id NULL: not for one; vehicle_id NULL: the machine has no device. Index: none, small.
SELECT a.route_id, a.section_id, a.contractor, a.machine, a.vehicle_id,
       greatest(lower(a.during), %(from_at)s::timestamptz) AS from_at,
       least(upper(a.during), %(to_at)s::timestamptz) AS to_at
FROM ops.assignment AS a
WHERE a.during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
  AND a.recorded_at <= %(known_at)s::timestamptz
  AND (a.superseded_at IS NULL OR a.superseded_at > %(known_at)s::timestamptz)
ORDER BY a.route_id, a.section_id, a.contractor, a.machine, a.vehicle_id, 6
