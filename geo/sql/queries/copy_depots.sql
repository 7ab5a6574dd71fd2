-- Depots in bulk.
COPY net.depot (depot_id, name, is_synthetic, geom)
FROM STDIN
