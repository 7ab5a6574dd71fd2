-- Weather stations of a source. Params: source_id. Returns station_id, external_id, name, has_snow (NULL: not told).
-- Index: weather_station_source_id_external_id_key.
SELECT station_id, external_id, name, has_snow FROM raw.weather_station WHERE source_id = %(source_id)s
