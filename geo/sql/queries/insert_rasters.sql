-- Take over the rasters of raw that net does not have.
-- Params: none. Returns nothing; rows written count. NULL: as in raw.raster. Index: primary keys.
INSERT INTO net.raster (raster_id, kind, title, title_ja, licence, licence_url, attribution, taken_at, style, stretch,
  synthetic, content_key, n_bytes, width, height, n_bands, dtype, nodata, unit, crs, west, south, east, north,
  pixel_m, row_key, recorded_at)
SELECT raster_id, kind, title, title_ja, licence, licence_url, attribution, taken_at, style, stretch,
  synthetic, content_key, n_bytes, width, height, n_bands, dtype, nodata, unit, crs, west, south, east, north,
  pixel_m, row_key, recorded_at
FROM raw.raster AS r WHERE NOT EXISTS (SELECT FROM net.raster AS n WHERE n.raster_id = r.raster_id)
