-- Weather stations of a source, new ones and those that say something else.
-- Params: source_id, arrays of one length: external_id, name, lon, lat, elevation_m (NULL: not told), has_snow (NULL: not
-- told). Returns nothing; rows written count. Index: weather_station_source_id_external_id_key.
INSERT INTO raw.weather_station AS old (source_id, external_id, name, lon, lat, elevation_m, has_snow)
SELECT %(source_id)s, n.*
FROM unnest(%(external_id)s::text[], %(name)s::text[], %(lon)s::float8[], %(lat)s::float8[], %(elevation_m)s::real[],
            %(has_snow)s::boolean[]) AS n
ON CONFLICT (source_id, external_id) DO UPDATE SET
  name = excluded.name, lon = excluded.lon, lat = excluded.lat, elevation_m = excluded.elevation_m,
  has_snow = excluded.has_snow, recorded_at = now()
WHERE (old.name, old.lon, old.lat, old.elevation_m, old.has_snow)
  IS DISTINCT FROM (excluded.name, excluded.lon, excluded.lat, excluded.elevation_m, excluded.has_snow)
