-- Machines assigned at a moment, one row for each route and section that one works on.
-- Params: as_of, silent (interval), known_at ('infinity': all that is known now). Returns vehicle_id (-1: the machine
-- has no device), area as in copy_held_edges, is_healthy: the device had a fix or a ready line in the last `silent`,
-- which had come in by known_at.
-- Index: primary keys of the partitions of raw.fix, and of raw.line.
COPY (
  SELECT coalesce(a.vehicle_id, -1), area.hash,
         EXISTS (SELECT FROM raw.fix AS f
                 WHERE f.vehicle_id = a.vehicle_id
                   AND f.at BETWEEN %(as_of)s::timestamptz - %(silent)s::interval AND %(as_of)s::timestamptz
                   AND f.received_at <= %(known_at)s::timestamptz)
         OR EXISTS (SELECT FROM raw.line AS l
                    WHERE l.vehicle_id = a.vehicle_id
                      AND l.at BETWEEN %(as_of)s::timestamptz - %(silent)s::interval AND %(as_of)s::timestamptz
                      AND l.received_at <= %(known_at)s::timestamptz)
  FROM ops.assignment AS a
  CROSS JOIN LATERAL (VALUES (hashtextextended(a.route_id, 0)), (hashtextextended(a.section_id, 1))) AS area (hash)
  WHERE a.during @> %(as_of)s::timestamptz AND a.recorded_at <= %(known_at)s::timestamptz
    AND (a.superseded_at IS NULL OR a.superseded_at > %(known_at)s::timestamptz) AND area.hash IS NOT NULL
) TO STDOUT (FORMAT binary)
