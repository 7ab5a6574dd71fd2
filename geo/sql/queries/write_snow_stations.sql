-- The last words of the stations; rows that say the same stay untouched.
-- Params: arrays of one length: station_ids, fell_1h_cm, fell_6h_cm, fell_24h_cm (NULL: missing); as_of: later words do
-- not count. Returns nothing; rows written count. depth_cm NULL: never a usable depth; observed_at NULL: never a usable
-- word. Indexes: primary key, weather_now.
INSERT INTO ops.weather_station AS old (station_id, source, external_id, name, lon, lat, elevation_m, depth_cm, depth_at,
                                        fell_1h_cm, fell_6h_cm, fell_24h_cm, observed_at, is_synthetic)
SELECT t.station_id, s.name, t.external_id, t.name, t.lon, t.lat, t.elevation_m, d.value_cm, d.at,
       n.fell_1h_cm, n.fell_6h_cm, n.fell_24h_cm, greatest(d.at, f.at), s.is_synthetic
FROM unnest(%(station_ids)s::integer[], %(fell_1h_cm)s::real[], %(fell_6h_cm)s::real[], %(fell_24h_cm)s::real[])
  AS n (station_id, fell_1h_cm, fell_6h_cm, fell_24h_cm)
JOIN raw.weather_station AS t USING (station_id)
JOIN raw.source AS s USING (source_id)
LEFT JOIN LATERAL (
  SELECT w.value_cm, w.at FROM raw.weather AS w
  WHERE w.station_id = n.station_id AND w.quantity = 'snow_depth' AND w.span_min = 0 AND w.superseded_at IS NULL
    AND w.is_usable AND w.at <= %(as_of)s::timestamptz
  ORDER BY w.at DESC LIMIT 1
) AS d ON true
LEFT JOIN LATERAL (
  SELECT w.at FROM raw.weather AS w
  WHERE w.station_id = n.station_id AND w.quantity = 'snowfall' AND w.superseded_at IS NULL AND w.is_usable
    AND w.at <= %(as_of)s::timestamptz
  ORDER BY w.at DESC LIMIT 1
) AS f ON true
ON CONFLICT (station_id) DO UPDATE SET
  source = excluded.source, external_id = excluded.external_id, name = excluded.name, lon = excluded.lon,
  lat = excluded.lat, elevation_m = excluded.elevation_m, depth_cm = excluded.depth_cm, depth_at = excluded.depth_at,
  fell_1h_cm = excluded.fell_1h_cm, fell_6h_cm = excluded.fell_6h_cm, fell_24h_cm = excluded.fell_24h_cm,
  observed_at = excluded.observed_at, is_synthetic = excluded.is_synthetic
WHERE old IS DISTINCT FROM excluded
