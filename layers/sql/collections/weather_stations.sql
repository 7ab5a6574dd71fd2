-- Weather stations that measure snow, with their last words. Params: as_of. Returns the columns of the catalogue and geom
-- (EPSG:4326). NULL as the catalogue says. Index: primary key; some tens of rows.
SELECT station_id, external_id, name, source, elevation_m, depth_cm, depth_at, fell_1h_cm, fell_6h_cm, fell_24h_cm,
       observed_at, greatest(floor(extract(epoch FROM %(as_of)s::timestamptz - observed_at)), 0)::bigint AS age_s,
       synthetic, geom
FROM pub.weather_station
