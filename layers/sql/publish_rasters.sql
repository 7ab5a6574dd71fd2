-- Publish the rasters that are not published yet.
-- Params: none. Returns nothing; rows written count. NULL: as in raw.raster. Index: primary keys.
INSERT INTO pub.raster (raster_id, kind, title, title_ja, licence, licence_url, attribution, taken_at, style, stretch,
  synthetic, content_key, n_bytes, width, height, n_bands, dtype, nodata, unit, crs, west, south, east, north,
  pixel_m, row_key, recorded_at)
SELECT raster_id, kind, title, title_ja, licence, licence_url, attribution, taken_at, style, stretch,
  synthetic, content_key, n_bytes, width, height, n_bands, dtype, nodata, unit, crs, west, south, east, north,
  pixel_m, row_key, recorded_at
FROM net.raster AS n WHERE NOT EXISTS (SELECT FROM pub.raster AS p WHERE p.raster_id = n.raster_id)
