-- Publish which bus routes drive which edges.
-- Params: none. Returns nothing; rows written count. Index: primary keys.
INSERT INTO pub.bus_edge (edge_id, route_id, trips_weekday, trips_saturday, trips_sunday)
SELECT edge_id, route_id, trips_weekday, trips_saturday, trips_sunday FROM net.bus_edge
ON CONFLICT (edge_id, route_id) DO NOTHING
