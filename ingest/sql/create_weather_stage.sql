-- Rows of a file on their way into raw.weather. Params: none. Returns nothing. value_cm, quality NULL as there.
CREATE TEMPORARY TABLE weather_stage (
  station_id integer NOT NULL,
  at timestamptz NOT NULL,
  quantity text NOT NULL,
  span_min smallint NOT NULL,
  value_cm real,
  quality smallint,
  is_usable boolean NOT NULL,
  PRIMARY KEY (station_id, quantity, span_min, at)
) ON COMMIT DROP
