-- Rows of a plan file, longitude and latitude of WGS 84.
-- params: none; rows come as COPY CSV, an empty field is NULL. geom as hexadecimal EWKB with its SRID; NULL: the kind
-- has no geometry, or the row names roads instead.
COPY raw.plan (file_id, item, kind, layer, external_id, attributes, geom) FROM STDIN (FORMAT csv)
