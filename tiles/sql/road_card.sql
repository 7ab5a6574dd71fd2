-- What is known of the directions of a road piece but their states: road, plan with its level of service, contact.
-- Params: piece_id. Returns up to two rows, the forward one first; none: no such piece, or traffic may not use it. NULL: not
-- told; of the plan: on no route or section; of the level of service: nobody has worked it out in the present event, or
-- a publication stop names the route or section, if only in part; of the contact: no office is known.
-- line: positions along digitising, degrees. Indexes: roads_piece, roads_route, roads_section,
-- primary keys; contacts are a small table.
SELECT r.edge_id, r.is_reversed, r.name, r.route, r.manager, r.road_class, r.municipality, r.length_m, r.is_oneway,
       r.network_version, r.route_id, CASE WHEN r.route_id IS NULL THEN r.section_id END AS section_id,
       coalesce(p.name, w.name) AS plan_name, coalesce(p.manager, w.manager) AS plan_manager, p.route_class,
       p.target_time, p.callout_depth_cm,
       l.service_state, l.callout_at, l.target_at, l.at_risk_fraction,
       l.as_of AS service_as_of,
       c.name AS contact_name, c.name_en AS contact_name_en, c.phone, c.link,
       d.event_id, d.event_kind, d.event_name, d.reference_at, d.as_of, d.status_version,
       r.synthetic OR d.is_synthetic OR coalesce(c.synthetic, false) AS synthetic,
       ST_AsGeoJSON(r.geom, 6)::json -> 'coordinates' AS line
FROM pub.roads AS r
CROSS JOIN pub.dataset AS d
LEFT JOIN pub.routes AS p ON p.route_id = r.route_id
LEFT JOIN pub.work_sections AS w ON w.section_id = r.section_id AND r.route_id IS NULL
LEFT JOIN pub.service_level AS l
  ON l.kind = CASE WHEN r.route_id IS NULL THEN 'section' ELSE 'route' END
 AND l.name = coalesce(r.route_id, r.section_id) AND l.as_of >= d.reference_at
 AND NOT EXISTS (SELECT FROM pub.withheld_edge AS h JOIN pub.roads AS o USING (edge_id)
                 WHERE o.route_id = r.route_id OR (r.route_id IS NULL AND o.section_id = r.section_id))
LEFT JOIN LATERAL (
  SELECT m.name, m.name_en, m.phone, m.link, m.synthetic FROM pub.manager_contact AS m
  WHERE m.manager = r.manager AND m.area IN ('', r.municipality)
  ORDER BY m.area = '' LIMIT 1
) AS c ON true
WHERE r.piece_id = %(piece_id)s
ORDER BY r.edge_id
