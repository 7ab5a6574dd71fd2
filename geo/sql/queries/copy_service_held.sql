-- Stretches of edges that routes and sections hold, for numpy.
-- Params: network_version, kinds and area_ids (arrays of one length, in the order of the positions wanted).
-- Returns area (position, from 0), edge_id, from_m, to_m; by area, edge and place. Index: none, read as a whole.
COPY (
  SELECT (a.position - 1)::int4, p.edge_id, p.from_m, p.to_m
  FROM net.plan_edge AS p
  JOIN unnest(%(kinds)s::text[], %(area_ids)s::text[]) WITH ORDINALITY AS a (kind, area_id, position)
    ON a.area_id = coalesce(p.route_id, p.section_id)
   AND a.kind = CASE WHEN p.route_id IS NULL THEN 'section' ELSE 'route' END
  WHERE p.network_version = %(network_version)s
  ORDER BY a.position, p.edge_id, p.from_m
) TO STDOUT (FORMAT binary)
