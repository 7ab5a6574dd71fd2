-- Drop the published rasters that no longer stand as they are.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM pub.raster AS p
WHERE NOT EXISTS (SELECT FROM net.raster AS n WHERE n.raster_id = p.raster_id AND n.row_key = p.row_key)
