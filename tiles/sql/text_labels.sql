-- What each edge's road is called, in the order of the index.
-- Params: classes (text[]: the greatest first). Returns one row with two values: labels as JSON [[kind, label, class rank], ...] (kind: route,
-- name, or unnamed with an empty label; rank 0 is the greatest class that any of its edges has), and for each edge the
-- position of its label (int4, big-endian). A road that has a number goes by that: it is what signs say. NULL: no edge.
-- Indexes: none, both tables are read whole, once for each version.
WITH called AS MATERIALIZED (
  SELECT o.position, CASE WHEN r.route IS NOT NULL THEN 'route' WHEN r.name IS NOT NULL THEN 'name' ELSE 'unnamed' END AS kind,
         coalesce(r.route, r.name, '') AS label,
         array_position(%(classes)s::text[], r.road_class) - 1 AS rank
  FROM pub.road_order AS o JOIN pub.roads AS r USING (edge_id)
), label AS MATERIALIZED (
  SELECT kind, label, min(rank) AS rank,
         (row_number() OVER (ORDER BY kind = 'unnamed', min(rank), label) - 1)::int AS number
  FROM called GROUP BY kind, label
)
SELECT (SELECT jsonb_agg(jsonb_build_array(l.kind, l.label, l.rank) ORDER BY l.number) FROM label AS l) AS labels,
       (SELECT string_agg(int4send(l.number), '' ORDER BY c.position)
        FROM called AS c JOIN label AS l USING (kind, label)) AS edges
