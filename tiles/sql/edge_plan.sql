-- What plans say of an edge, and how wide its road is.
-- Params: edge_id. Returns at most one row (lanes, width_m, is_oneway, route_id, route_name, route_class, route_manager,
-- target_time, section_id, section_name, section_manager). NULL: not told, or on no route or section.
-- Indexes: primary keys.
SELECT r.lanes, r.width_m, r.is_oneway, p.route_id, p.name AS route_name, p.route_class, p.manager AS route_manager,
       p.target_time, w.section_id, w.name AS section_name, w.manager AS section_manager
FROM pub.roads AS r
LEFT JOIN pub.routes AS p ON p.route_id = r.route_id
LEFT JOIN pub.work_sections AS w ON w.section_id = r.section_id
WHERE r.edge_id = %(edge_id)s
