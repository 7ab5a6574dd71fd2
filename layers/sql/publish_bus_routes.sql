-- Publish the bus routes that stand and are not published yet; one without any line is left out.
-- Params: none. Returns nothing; rows written count. NULL: as in net.bus_route and net.bus_feed; laid_fraction: it has no
-- length. Index: primary keys.
INSERT INTO pub.bus_route (route_id, name, name_en, short_name, route_type, agency, agency_en, trips_weekday, trips_saturday,
                           trips_sunday, shape_source, length_m, laid_fraction, feed_version, valid_from, valid_to, timezone,
                           source, licence, attribution, synthetic, row_key, geom)
SELECT n.route_id, n.name, n.name_en, n.short_name, n.route_type, n.agency, n.agency_en, n.trips_weekday, n.trips_saturday,
       n.trips_sunday, n.shape_source, n.planned_m, n.laid_m / nullif(n.planned_m, 0), f.version, f.valid_from, f.valid_to,
       f.timezone, f.feed_id, f.licence, f.attribution, n.is_synthetic, n.row_key, n.geom
FROM net.bus_route AS n JOIN net.bus_feed AS f USING (feed_id)
WHERE n.geom IS NOT NULL AND NOT EXISTS (SELECT FROM pub.bus_route AS p WHERE p.route_id = n.route_id)
