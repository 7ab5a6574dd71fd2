-- Make this the raster of its id.
-- params: the columns of raw.raster but recorded_at. returns: nothing. NULL: as in raw.raster. index: primary key.
INSERT INTO raw.raster AS r (raster_id, kind, title, title_ja, licence, licence_url, attribution, taken_at, style,
  stretch, synthetic, content_key, n_bytes, width, height, n_bands, dtype, nodata, unit, crs, west, south, east, north,
  pixel_m, row_key, file_name, source_sha256)
VALUES (%(raster_id)s, %(kind)s, %(title)s, %(title_ja)s, %(licence)s, %(licence_url)s, %(attribution)s, %(taken_at)s,
  %(style)s, %(stretch)s, %(synthetic)s, %(content_key)s, %(n_bytes)s, %(width)s, %(height)s, %(n_bands)s, %(dtype)s,
  %(nodata)s, %(unit)s, %(crs)s, %(west)s, %(south)s, %(east)s, %(north)s, %(pixel_m)s, %(row_key)s, %(file_name)s,
  %(source_sha256)s)
ON CONFLICT (raster_id) DO UPDATE SET
  (kind, title, title_ja, licence, licence_url, attribution, taken_at, style, stretch, synthetic, content_key, n_bytes,
   width, height, n_bands, dtype, nodata, unit, crs, west, south, east, north, pixel_m, row_key, file_name,
   source_sha256, recorded_at)
  = (EXCLUDED.kind, EXCLUDED.title, EXCLUDED.title_ja, EXCLUDED.licence, EXCLUDED.licence_url, EXCLUDED.attribution,
     EXCLUDED.taken_at, EXCLUDED.style, EXCLUDED.stretch, EXCLUDED.synthetic, EXCLUDED.content_key, EXCLUDED.n_bytes,
     EXCLUDED.width, EXCLUDED.height, EXCLUDED.n_bands, EXCLUDED.dtype, EXCLUDED.nodata, EXCLUDED.unit, EXCLUDED.crs,
     EXCLUDED.west, EXCLUDED.south, EXCLUDED.east, EXCLUDED.north, EXCLUDED.pixel_m, EXCLUDED.row_key,
     EXCLUDED.file_name, EXCLUDED.source_sha256, now())
