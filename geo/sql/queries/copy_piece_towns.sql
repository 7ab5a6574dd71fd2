-- The municipality of the middle of each piece that a plough route holds, for numpy.
-- Params: network_version, town_ids (municipalities in the order of the positions wanted). Returns piece_id, town
-- (position, from 0). A piece in none has no row; of several the first counts. Indexes: plan_edge is read whole,
-- reference_geom of net.
COPY (
  WITH held AS MATERIALIZED (
    SELECT p.piece_id, ST_LineInterpolatePoint(p.geom, 0.5) AS middle
    FROM net.piece AS p
    WHERE p.piece_id IN (SELECT edge_id >> 1 FROM net.plan_edge
                         WHERE network_version = %(network_version)s AND route_id IS NOT NULL)
  )
  SELECT h.piece_id, (min(t.position) - 1)::int4
  FROM unnest(%(town_ids)s::text[]) WITH ORDINALITY AS t (feature_id, position)
  JOIN net.reference AS r ON r.layer = 'municipalities' AND r.feature_id = t.feature_id
  JOIN held AS h ON ST_Covers(r.geom, h.middle)
  GROUP BY h.piece_id
  ORDER BY h.piece_id
) TO STDOUT (FORMAT binary)
