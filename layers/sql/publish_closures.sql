-- Restrictions of traffic as orders laid them, those that are over too. Name, route and manager are those of the road
-- that most of it lies on. One that no edge carries is shown as it was drawn; without any line it is left out.
-- Params: ja, en (jsonb: restriction -> words). Returns nothing; rows written count. name, route NULL: none is known;
-- reason NULL: not made public; ends_at NULL: until further notice. Indexes: road_order_now, order_edge_order.
INSERT INTO pub.closures (closure_id, restriction, restriction_ja, restriction_en, name, route, manager, direction,
                          reason, starts_at, ends_at, length_m, edges, network_version, synthetic, geom)
SELECT o.order_id, o.restriction, %(ja)s::jsonb ->> o.restriction, %(en)s::jsonb ->> o.restriction, m.name, m.route,
       coalesce(m.manager, 'unknown'), coalesce(e.direction, 'both'),
       CASE WHEN o.is_reason_public THEN o.reason END, lower(o.during), upper(o.during), coalesce(o.laid_m, e.road_m, 0),
       coalesce(e.edges, ''), o.network_version, o.is_synthetic, s.geom
FROM ops.road_order AS o
CROSS JOIN LATERAL (SELECT ST_Multi(ST_CollectionExtract(ST_Force2D(o.geom), 2)) AS geom) AS s
LEFT JOIN LATERAL (
  SELECT string_agg(h.edge_id || ':' || round(h.from_m::numeric, 1) || '-' || round(h.to_m::numeric, 1), ' '
                    ORDER BY h.edge_id, h.from_m) AS edges,
         sum(h.to_m - h.from_m) / (1 + (bool_or(h.edge_id & 1 = 0) AND bool_or(h.edge_id & 1 = 1))::int) AS road_m,
         CASE WHEN bool_and(h.edge_id & 1 = 0) THEN 'forward' WHEN bool_and(h.edge_id & 1 = 1) THEN 'backward'
              WHEN count(*) FILTER (WHERE h.edge_id & 1 = 0) = count(*) FILTER (WHERE h.edge_id & 1 = 1) THEN 'both'
              ELSE 'mixed' END AS direction
  FROM ops.order_edge AS h WHERE h.order_id = o.order_id AND h.superseded_at IS NULL
) AS e ON true
LEFT JOIN LATERAL (
  SELECT p.name, p.route, p.manager
  FROM ops.order_edge AS h JOIN net.piece AS p ON p.piece_id = h.edge_id >> 1
  WHERE h.order_id = o.order_id AND h.superseded_at IS NULL
  GROUP BY p.name, p.route, p.manager ORDER BY sum(h.to_m - h.from_m) DESC, p.name, p.route LIMIT 1
) AS m ON true
WHERE o.superseded_at IS NULL AND o.kind = 'restriction' AND NOT isempty(o.during)
  AND s.geom IS NOT NULL AND NOT ST_IsEmpty(s.geom)
