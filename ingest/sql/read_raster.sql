-- The raster that stands under an id.
-- params: raster_id. returns: at most one row with the columns of raw.raster. index: primary key.
SELECT r.* FROM raw.raster AS r WHERE r.raster_id = %(raster_id)s
