-- Which line of the priority network holds each published edge, at least half of it: of several the highest class, then
-- the one that holds most. Written anew where it differs.
-- Params: none. Returns nothing; rows written and deleted count. Index: primary keys, priority_edge_edge.
WITH held AS (
  SELECT e.edge_id, e.priority_id, sum(e.to_m - e.from_m) AS held_m
  FROM net.priority_edge AS e
  WHERE e.network_version = (SELECT max(network_version) FROM net.version)
  GROUP BY e.edge_id, e.priority_id
), best AS (
  SELECT DISTINCT ON (h.edge_id) h.edge_id, h.priority_id, r.network_class, r.name, r.source
  FROM held AS h JOIN net.priority_road AS r USING (priority_id) JOIN pub.roads AS p USING (edge_id)
  WHERE h.held_m >= 0.5 * p.length_m
  ORDER BY h.edge_id, r.network_class NULLS LAST, h.held_m DESC, h.priority_id
), gone AS (
  DELETE FROM pub.priority_edge AS p
  WHERE NOT EXISTS (SELECT FROM best AS b WHERE b.edge_id = p.edge_id)
)
INSERT INTO pub.priority_edge AS p (edge_id, priority_id, network_class, name, source)
SELECT edge_id, priority_id, network_class, name, source FROM best
ON CONFLICT (edge_id) DO UPDATE SET priority_id = excluded.priority_id, network_class = excluded.network_class,
  name = excluded.name, source = excluded.source
WHERE (p.priority_id, p.network_class, p.name, p.source)
  IS DISTINCT FROM (excluded.priority_id, excluded.network_class, excluded.name, excluded.source)
