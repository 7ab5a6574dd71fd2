-- The road pieces that a place names (raw.ordered_pieces says how). params: edge_ids, points (WKB of a MULTIPOINT),
-- route_id, section_id, route, from_km, to_km, near_m; NULL: not named so. returns piece_id, manager.
-- indexes: piece_geom, primary keys.
SELECT piece_id, manager
FROM raw.ordered_pieces(%(edge_ids)s::bigint[], ST_GeomFromWKB(%(points)s, 4326), %(route_id)s, %(section_id)s,
                        %(route)s, %(from_km)s, %(to_km)s, %(near_m)s)
