-- Write the depths of cells that raw.weather_grid does not hold. Params: source_id, at, cells, depths_cm (arrays of one
-- length), file_id (NULL: no file), recorded_at. Returns how many were written. Index: weather_grid_now.
WITH written AS (
  INSERT INTO raw.weather_grid (source_id, cell, at, depth_cm, file_id, recorded_at)
  SELECT %(source_id)s, n.cell, %(at)s::timestamptz, n.depth_cm, %(file_id)s, %(recorded_at)s::timestamptz
  FROM unnest(%(cells)s::integer[], %(depths_cm)s::real[]) AS n (cell, depth_cm)
  WHERE NOT EXISTS (
    SELECT FROM raw.weather_grid AS g
    WHERE g.source_id = %(source_id)s AND g.at = %(at)s::timestamptz AND g.cell = n.cell AND g.superseded_at IS NULL
  )
  RETURNING cell
)
SELECT count(*) FROM written
