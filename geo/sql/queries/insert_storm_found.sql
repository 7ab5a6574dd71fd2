-- Say how an event was found in the weather.
-- Params: event_id, station_id, reached_at, fell_cm, snowfall_cm, within_h, quiet_h. Returns nothing. Index: primary keys.
INSERT INTO ops.storm_found (event_id, source, station, station_name, reached_at, fell_cm, snowfall_cm, within_h, quiet_h,
                             is_synthetic)
SELECT %(event_id)s, s.name, t.external_id, t.name, %(reached_at)s, %(fell_cm)s, %(snowfall_cm)s, %(within_h)s,
       %(quiet_h)s, s.is_synthetic
FROM raw.weather_station AS t JOIN raw.source AS s USING (source_id)
WHERE t.station_id = %(station_id)s
