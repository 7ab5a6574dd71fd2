-- Bus routes in bulk. NULL: not told; geom NULL: no trip has a line.
COPY net.bus_route (route_id, feed_id, name, name_en, short_name, route_type, agency, agency_en, trips_weekday,
                    trips_saturday, trips_sunday, shape_source, planned_m, laid_m, is_synthetic, row_key, geom)
FROM STDIN
