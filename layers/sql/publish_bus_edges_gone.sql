-- Drop what is published of buses on edges and does not hold any more.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM pub.bus_edge AS p
WHERE NOT EXISTS (
  SELECT FROM net.bus_edge AS n
  WHERE n.route_id = p.route_id AND n.edge_id = p.edge_id
    AND (n.trips_weekday, n.trips_saturday, n.trips_sunday) = (p.trips_weekday, p.trips_saturday, p.trips_sunday)
)
