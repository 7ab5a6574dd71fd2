-- The last word of each weather station for everybody; rows that say the same stay untouched.
-- Params: none. Returns nothing; rows written count. NULL as in ops.weather_station. Index: primary key.
INSERT INTO pub.weather_station AS old (station_id, source, external_id, name, elevation_m, depth_cm, depth_at, fell_1h_cm,
                                        fell_6h_cm, fell_24h_cm, observed_at, synthetic, geom)
SELECT station_id, source, external_id, name, elevation_m, depth_cm, depth_at, fell_1h_cm, fell_6h_cm, fell_24h_cm,
       observed_at, is_synthetic, ST_SetSRID(ST_MakePoint(lon, lat), 4326)
FROM ops.weather_station
ON CONFLICT (station_id) DO UPDATE SET
  source = excluded.source, external_id = excluded.external_id, name = excluded.name,
  elevation_m = excluded.elevation_m, depth_cm = excluded.depth_cm, depth_at = excluded.depth_at,
  fell_1h_cm = excluded.fell_1h_cm, fell_6h_cm = excluded.fell_6h_cm, fell_24h_cm = excluded.fell_24h_cm,
  observed_at = excluded.observed_at, synthetic = excluded.synthetic, geom = excluded.geom
WHERE (old.source, old.name, old.elevation_m, old.depth_cm, old.depth_at, old.fell_1h_cm, old.fell_6h_cm,
       old.fell_24h_cm, old.observed_at, old.synthetic, old.geom::bytea)
  IS DISTINCT FROM
  (excluded.source, excluded.name, excluded.elevation_m, excluded.depth_cm, excluded.depth_at, excluded.fell_1h_cm,
   excluded.fell_6h_cm, excluded.fell_24h_cm, excluded.observed_at, excluded.synthetic, excluded.geom::bytea)
