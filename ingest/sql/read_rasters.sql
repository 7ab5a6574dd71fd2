-- The rasters that stand.
-- params: none. returns: the columns of raw.raster that people read, by id. NULL: as in raw.raster.
-- index: none, a few rows.
SELECT r.raster_id, r.kind, r.title, r.title_ja, r.licence, r.licence_url, r.attribution, r.taken_at, r.style,
       r.synthetic, r.width, r.height, r.n_bands, r.dtype, r.unit, r.crs, r.pixel_m, r.n_bytes, r.content_key,
       r.recorded_at, r.file_name
FROM raw.raster AS r ORDER BY r.raster_id
