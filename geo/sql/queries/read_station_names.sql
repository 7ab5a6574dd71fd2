-- What weather stations are called. Params: none. Returns station_id, source, external_id, name. Index: none, a small table.
SELECT t.station_id, s.name, t.external_id, t.name
FROM raw.weather_station AS t JOIN raw.source AS s USING (source_id)
