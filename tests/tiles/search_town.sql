-- More of the small town for searching: kilometre posts of 国道8号 (12 and 13 km, then none before 20), two settlements of
-- one name.
INSERT INTO net.kmpost (network_version, route, km, edge_id, offset_m, distance_m, geom)
SELECT 1, '国道8号', p.km, 4, 0, 0, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)
FROM (VALUES (12.0, 136.63, 36.5603), (13.0, 136.64, 36.5607), (20.0, 136.66, 36.562)) AS p (km, lon, lat);
INSERT INTO net.reference (layer, feature_id, name, attributes, is_synthetic, geom) VALUES
  ('settlements', '2', '双子町', '{}', true, ST_GeomFromText('POINT(136.61 36.555)', 4326)),
  ('settlements', '3', '双子町', '{}', true, ST_GeomFromText('POINT(136.95 36.61)', 4326));
