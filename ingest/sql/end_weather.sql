-- End the rows on which the file has another word. Params: recorded_at. Returns nothing; rows ended count.
-- Index: weather_now.
UPDATE raw.weather AS w SET superseded_at = %(recorded_at)s::timestamptz
FROM weather_stage AS n
WHERE w.station_id = n.station_id AND w.quantity = n.quantity AND w.span_min = n.span_min AND w.at = n.at
  AND w.superseded_at IS NULL
  AND (w.value_cm, w.quality, w.is_usable) IS DISTINCT FROM (n.value_cm, n.quality, n.is_usable)
