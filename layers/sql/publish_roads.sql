-- Every directed edge of the network version that traffic may use, with the plan that holds at least half of it.
-- Params: network_version, synthetic (boolean). Returns nothing; rows written count. pub.roads is empty before.
-- municipality NULL: the middle of the road lies in none. route_id, section_id NULL: on nobody's plan.
-- Indexes: piece_open, plan_edge is read whole, reference_geom of net.
WITH held AS (
  SELECT edge_id, route_id, section_id, sum(to_m - from_m) AS held_m
  FROM net.plan_edge WHERE network_version = %(network_version)s GROUP BY edge_id, route_id, section_id
), route AS (
  SELECT DISTINCT ON (edge_id) edge_id, route_id, held_m
  FROM held WHERE route_id IS NOT NULL ORDER BY edge_id, held_m DESC, route_id
), section AS (
  SELECT DISTINCT ON (edge_id) edge_id, section_id, held_m
  FROM held WHERE section_id IS NOT NULL ORDER BY edge_id, held_m DESC, section_id
), piece AS MATERIALIZED (
  SELECT p.*, ST_LineInterpolatePoint(p.geom, 0.5) AS middle
  FROM net.piece AS p
  WHERE p.first_version <= %(network_version)s
    AND (p.last_version IS NULL OR p.last_version >= %(network_version)s) AND NOT p.is_closed
), town AS MATERIALIZED (
  SELECT p.piece_id, min(r.name) AS municipality
  FROM net.reference AS r JOIN piece AS p ON ST_Covers(r.geom, p.middle)
  WHERE r.layer = 'municipalities' GROUP BY p.piece_id
)
INSERT INTO pub.roads (edge_id, piece_id, is_reversed, name, route, manager, road_class, is_oneway, level, lanes,
                       width_m, length_m, municipality, route_id, section_id, network_version, synthetic, geom)
SELECT e.edge_id, p.piece_id, e.is_reversed, p.name, p.route, p.manager, p.road_class, p.oneway <> 0, p.level,
       p.lanes, p.width_m, p.length_m, town.municipality,
       CASE WHEN route.held_m >= 0.5 * p.length_m THEN route.route_id END,
       CASE WHEN section.held_m >= 0.5 * p.length_m THEN section.section_id END,
       %(network_version)s, %(synthetic)s, p.geom
FROM piece AS p
CROSS JOIN LATERAL (VALUES (2 * p.piece_id, false, p.oneway >= 0), (2 * p.piece_id + 1, true, p.oneway <= 0))
     AS e (edge_id, is_reversed, is_open)
LEFT JOIN town ON town.piece_id = p.piece_id
LEFT JOIN route ON route.edge_id = e.edge_id
LEFT JOIN section ON section.edge_id = e.edge_id
WHERE e.is_open
ORDER BY e.edge_id
