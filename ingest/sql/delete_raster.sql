-- Forget a raster.
-- params: raster_id. returns: nothing; rows deleted count. index: primary key.
DELETE FROM raw.raster WHERE raster_id = %(raster_id)s
