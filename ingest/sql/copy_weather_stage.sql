-- Observations of a file. Params: none; rows come as COPY text. value_cm, quality NULL as in raw.weather.
COPY weather_stage (station_id, at, quantity, span_min, value_cm, quality, is_usable) FROM STDIN
