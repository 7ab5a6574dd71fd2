-- Depths of cells by rasters after a moment and up to another, as known at a third, for numpy; of several sources of a cell
-- the one that came first counts.
-- Params: from_at, to_at, known_at ('infinity': all that is known now). Returns cell, at, centimetres. Nothing is NULL.
-- Index: weather_grid_at.
COPY (
  SELECT cell, at, depth_cm::float8 FROM (
    SELECT cell, at, depth_cm, source_id = min(source_id) OVER (PARTITION BY cell) AS is_first
    FROM raw.weather_grid
    WHERE at > %(from_at)s::timestamptz AND at <= %(to_at)s::timestamptz
      AND recorded_at <= %(known_at)s::timestamptz
      AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
  ) AS told WHERE is_first
) TO STDOUT (FORMAT binary)
