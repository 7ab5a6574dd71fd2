-- Usable observations of stations after a moment and up to another, as known at a third, for numpy.
-- Params: from_at, to_at, known_at ('infinity': all that is known now). Returns station_id, at, centimetres, span in
-- microseconds (0: a depth). Nothing is NULL. Index: weather_at.
COPY (
  SELECT station_id, at, value_cm::float8, span_min * 60000000::bigint
  FROM raw.weather
  WHERE at > %(from_at)s::timestamptz AND at <= %(to_at)s::timestamptz AND is_usable
    AND recorded_at <= %(known_at)s::timestamptz
    AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
) TO STDOUT (FORMAT binary)
