-- Edges near which a machine assigned to them left fixes that no edge explains.
-- Params: network_version, reference_at, as_of, known_at ('infinity': all that is known now), near_m, near_deg (the
-- same in degrees of longitude or more, for the index). Returns edge_id. Indexes: piece_geom, plan_edge_edge.
COPY (
  WITH place AS (
    SELECT u.vehicle_id, (ST_DumpPoints(u.geom)).geom AS geom
    FROM ops.unmatched AS u
    WHERE u.during <@ tstzrange(%(reference_at)s::timestamptz, %(as_of)s::timestamptz, '[]')
      AND u.recorded_at <= %(known_at)s::timestamptz
      AND (u.superseded_at IS NULL OR u.superseded_at > %(known_at)s::timestamptz)
  ), near AS (
    SELECT DISTINCT place.vehicle_id, p.piece_id
    FROM place
    JOIN net.piece AS p ON p.geom && ST_Expand(place.geom, %(near_deg)s::float8)
     AND ST_DWithin(p.geom::geography, place.geom::geography, %(near_m)s::float8)
    WHERE p.first_version <= %(network_version)s
      AND (p.last_version IS NULL OR p.last_version >= %(network_version)s)
  )
  SELECT DISTINCT e.edge_id
  FROM near
  JOIN ops.assignment AS a ON a.vehicle_id = near.vehicle_id AND a.during @> %(as_of)s::timestamptz
   AND a.recorded_at <= %(known_at)s::timestamptz
   AND (a.superseded_at IS NULL OR a.superseded_at > %(known_at)s::timestamptz)
  JOIN net.plan_edge AS e ON e.network_version = %(network_version)s
   AND e.edge_id IN (2 * near.piece_id, 2 * near.piece_id + 1)
   AND (e.route_id = a.route_id OR e.section_id = a.section_id)
) TO STDOUT (FORMAT binary)
