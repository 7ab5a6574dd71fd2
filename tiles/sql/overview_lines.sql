-- The main roads as they are drawn from afar.
-- Params: zoom (the band of zooms that holds it). Returns (piece_id, geom): WKB in EPSG:3857. Index: road_tile's primary key
-- is read whole for the band.
SELECT t.piece_id, ST_AsBinary(t.geom_3857) AS geom
FROM pub.road_tile AS t
WHERE t.min_zoom <= %(zoom)s AND t.max_zoom >= %(zoom)s
ORDER BY t.piece_id
