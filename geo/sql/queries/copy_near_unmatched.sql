-- Pieces near which a vehicle left fixes that no edge explains.
-- Params: network_version, reference_at, as_of, known_at ('infinity': all that is known now), near_m, near_deg (the
-- same in degrees of longitude or more, for the index). Returns vehicle_id, piece_id. Index: piece_geom.
COPY (
  WITH place AS MATERIALIZED (
    SELECT u.vehicle_id, (ST_DumpPoints(u.geom)).geom AS geom
    FROM ops.unmatched AS u
    WHERE u.during <@ tstzrange(%(reference_at)s::timestamptz, %(as_of)s::timestamptz, '[]')
      AND u.recorded_at <= %(known_at)s::timestamptz
      AND (u.superseded_at IS NULL OR u.superseded_at > %(known_at)s::timestamptz)
  )
  SELECT DISTINCT place.vehicle_id, p.piece_id
  FROM place
  JOIN net.piece AS p ON p.geom && ST_Expand(place.geom, %(near_deg)s::float8)
   AND ST_DWithin(p.geom::geography, place.geom::geography, %(near_m)s::float8)
  WHERE p.first_version <= %(network_version)s
    AND (p.last_version IS NULL OR p.last_version >= %(network_version)s)
) TO STDOUT (FORMAT binary)
