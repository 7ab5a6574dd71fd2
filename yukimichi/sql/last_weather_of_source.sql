-- The newest moment of which any station of a source told. Params: source. Returns one row; NULL: none ever did.
-- Index: weather_now.
SELECT max(w.at)
FROM raw.weather AS w JOIN raw.weather_station AS t USING (station_id) JOIN raw.source AS s USING (source_id)
WHERE s.name = %(source)s AND w.superseded_at IS NULL
