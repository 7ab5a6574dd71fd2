-- Whether any raster of snow was taken in.
-- Params: none. Returns: one row. Index: weather_grid_at.
SELECT EXISTS (SELECT FROM raw.weather_grid)
