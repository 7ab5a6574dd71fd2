-- Drop the rasters that no longer stand as they are in raw.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM net.raster AS n
WHERE NOT EXISTS (SELECT FROM raw.raster AS r WHERE r.raster_id = n.raster_id AND r.row_key = n.row_key)
