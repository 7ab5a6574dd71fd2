-- The rasters that are published, asked for about once a second while somebody asks for rasters.
-- Params: none. Returns every column of pub.raster but n_bytes, by id. NULL: as in raw.raster. Index: primary key.
SELECT raster_id, kind, title, title_ja, licence, licence_url, attribution, taken_at, style, stretch, synthetic,
       content_key, width, height, n_bands, dtype, nodata, unit, crs, west, south, east, north, pixel_m, row_key,
       recorded_at
FROM pub.raster ORDER BY raster_id
