-- New pieces in bulk. Columns as net.piece has them; last_version stays NULL (in the newest version).
COPY net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m, external_to_m,
                name, route, manager, road_class, oneway, level, lanes, width_m, speed_mps, is_closed, length_m,
                content_key, geom)
FROM STDIN
