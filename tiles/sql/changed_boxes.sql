-- Where states have changed after a status version: the box of each road of which a direction has, and its class.
-- Params: since, most. Returns (west, south, east, north, road_class), degrees, a row a road; one row of NULLs where more
-- than `most` edges have changed. Indexes: edge_status_version, primary keys.
WITH changed AS MATERIALIZED (
  SELECT s.edge_id FROM pub.edge_status AS s WHERE s.status_version > %(since)s LIMIT %(most)s + 1
)
SELECT DISTINCT ON (r.piece_id) ST_XMin(r.geom), ST_YMin(r.geom), ST_XMax(r.geom), ST_YMax(r.geom), r.road_class
FROM changed JOIN pub.roads AS r USING (edge_id) WHERE (SELECT count(*) FROM changed) <= %(most)s
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL WHERE (SELECT count(*) FROM changed) > %(most)s
