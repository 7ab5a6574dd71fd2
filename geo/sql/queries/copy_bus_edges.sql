-- Metres of edges that bus routes drive, in bulk, with trips a day.
COPY net.bus_edge (network_version, route_id, edge_id, from_m, to_m, trips_weekday, trips_saturday, trips_sunday)
FROM STDIN
