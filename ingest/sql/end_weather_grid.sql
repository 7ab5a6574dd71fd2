-- End the depths of cells on which a raster has another word. Params: source_id, at, cells, depths_cm (arrays of one
-- length), recorded_at. Returns nothing; rows ended count. Index: weather_grid_now.
UPDATE raw.weather_grid AS g SET superseded_at = %(recorded_at)s::timestamptz
FROM unnest(%(cells)s::integer[], %(depths_cm)s::real[]) AS n (cell, depth_cm)
WHERE g.source_id = %(source_id)s AND g.at = %(at)s::timestamptz AND g.cell = n.cell AND g.superseded_at IS NULL
  AND g.depth_cm <> n.depth_cm
