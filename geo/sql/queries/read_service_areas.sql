-- Plough routes and work sections, with what is asked of them and who answers for them.
-- Params: none. Returns kind (route or section), area_id, name, route_class, manager, office, target_time (local clock),
-- callout_depth_cm, planned_m, laid_m, is_synthetic; by kind and id. Index: none, small tables.
-- NULL: route_class of sections; office: not told; target_time, callout_depth_cm: none of its own; planned_m: an area.
SELECT 'route' AS kind, route_id AS area_id, name, route_class, manager, office, target_time, callout_depth_cm,
       planned_m, laid_m, is_synthetic
FROM net.plough_route
UNION ALL
SELECT 'section', section_id, name, NULL, manager, NULL, NULL, NULL, planned_m, laid_m, is_synthetic
FROM net.work_section
ORDER BY 1, 2
