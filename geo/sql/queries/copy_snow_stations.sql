-- Stations that measure snow or have reported any, for numpy.
-- Params: none. Returns station_id, lon, lat, whether it is synthetic; by station_id. Index: none, a small table.
COPY (
  SELECT t.station_id, t.lon, t.lat, s.is_synthetic
  FROM raw.weather_station AS t JOIN raw.source AS s USING (source_id)
  WHERE t.has_snow IS NOT FALSE
     OR EXISTS (SELECT FROM raw.weather AS w WHERE w.station_id = t.station_id AND w.superseded_at IS NULL AND w.is_usable)
  ORDER BY t.station_id
) TO STDOUT (FORMAT binary)
