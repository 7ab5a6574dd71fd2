-- Write the rows that raw.weather does not hold. Params: file_id (NULL: no file), recorded_at.
-- Returns how many were written, the first and the last of their moments (NULL: none). Index: weather_now.
WITH written AS (
  INSERT INTO raw.weather (station_id, at, quantity, span_min, value_cm, quality, is_usable, file_id, recorded_at)
  SELECT n.station_id, n.at, n.quantity, n.span_min, n.value_cm, n.quality, n.is_usable, %(file_id)s,
         %(recorded_at)s::timestamptz
  FROM weather_stage AS n
  WHERE NOT EXISTS (
    SELECT FROM raw.weather AS w
    WHERE w.station_id = n.station_id AND w.quantity = n.quantity AND w.span_min = n.span_min AND w.at = n.at
      AND w.superseded_at IS NULL
  )
  RETURNING at
)
SELECT count(*), min(at), max(at) FROM written
