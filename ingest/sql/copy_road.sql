-- Roads of a file, longitude and latitude of WGS 84.
-- params: none; rows come as COPY CSV, an empty field is NULL (not known). geom as hexadecimal EWKB with its SRID.
COPY raw.road (file_id, item, part, external_id, name, route, manager, road_class, oneway, level, lanes, width_m,
               speed_mps, is_closed, attributes, geom) FROM STDIN (FORMAT csv)
