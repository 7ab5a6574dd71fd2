-- Take back the ploughs that the public may not see: in an area whose publication is stopped, or within 60 m of a road
-- that is withheld, as far as the matcher looks for a road around a position.
-- Params: none. Returns nothing; rows deleted count. A degree of longitude has 50 km or more up to 63 degrees of
-- latitude. Indexes: roads_geom, road_order_now; few ploughs.
DELETE FROM pub.ploughs AS p
WHERE EXISTS (SELECT FROM pub.roads AS r JOIN pub.withheld_edge USING (edge_id)
              WHERE r.geom && ST_Expand(p.geom, 60 / 50000.0)
                AND ST_DWithin(r.geom::geography, p.geom::geography, 60))
   OR EXISTS (SELECT FROM ops.road_order AS o
              WHERE o.superseded_at IS NULL AND o.kind = 'publication_stop' AND o.during @> clock_timestamp()
                AND (o.is_everywhere OR (ST_Dimension(o.geom) = 2 AND ST_Intersects(o.geom, p.geom))))
