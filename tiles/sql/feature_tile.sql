-- One vector tile of a collection: the rows of its own SELECT with its own columns, ordered by id.
-- The parts in braces are put together from the catalogue's own names: fields, geometry, srid, source, id (column), feature
-- (the argument that names the column of feature ids, or nothing where ids are texts).
-- Params: tile_layer (its name in the tile), west, south, east, north (the tile, in the CRS of the set), lon_west, lat_south,
-- lon_east, lat_north (the tile with its margin, in degrees), tolerance (units of the CRS of the set; 0 keeps the shape),
-- those of the source.
-- Returns one row (tile, ends_s): bytes, empty where nothing lies; ends_s is always NULL: the caller knows how long rows
-- of its source hold. What is NULL is absent. Indexes: those of the source.
WITH shape AS (
  SELECT {fields},
         ST_AsMVTGeom(ST_Simplify({geometry}, %(tolerance)s, true),
                      ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, {srid}), 4096, 128, true) AS geom
  FROM ({source}) AS s
  WHERE s.geom && ST_MakeEnvelope(%(lon_west)s, %(lat_south)s, %(lon_east)s, %(lat_north)s, 4326)
)
SELECT ST_AsMVT(shape, %(tile_layer)s, 4096, 'geom'{feature} ORDER BY {id}) AS tile, NULL::float8 AS ends_s
FROM shape WHERE geom IS NOT NULL
