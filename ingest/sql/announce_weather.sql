-- Say that the transaction wrote weather: states that rest on it look again with the next tick of the clock.
-- Params: source_id, n, first_at, last_at, recorded_at. Returns nothing; begin_weather.sql holds its lock until the
-- commit, so positions are given in the order of commits.
INSERT INTO raw.weather_batch (source_id, n, first_at, last_at, recorded_at)
VALUES (%(source_id)s, %(n)s, %(first_at)s, %(last_at)s, %(recorded_at)s)
