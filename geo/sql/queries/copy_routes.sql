-- Plough routes in bulk, geometry as delivered. target_time NULL: no target; office, callout_depth_cm NULL: not told.
COPY net.plough_route (route_id, name, route_class, manager, office, target_time, callout_depth_cm,
                       is_priority_network, planned_m, laid_m, is_synthetic, geom)
FROM STDIN
