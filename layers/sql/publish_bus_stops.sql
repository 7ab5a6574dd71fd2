-- Publish the bus stops that stand and are not published yet.
-- Params: none. Returns nothing; rows written count. NULL: as in net.bus_stop and net.bus_feed. Index: primary keys.
INSERT INTO pub.bus_stop (stop_id, name, name_en, routes, departures_weekday, departures_saturday, departures_sunday, agency,
                          feed_version, valid_from, valid_to, timezone, source, licence, attribution, synthetic, row_key,
                          geom)
SELECT n.stop_id, n.name, n.name_en, n.routes, n.departures_weekday, n.departures_saturday, n.departures_sunday, f.agencies,
       f.version, f.valid_from, f.valid_to, f.timezone, f.feed_id, f.licence, f.attribution, n.is_synthetic, n.row_key,
       n.geom
FROM net.bus_stop AS n JOIN net.bus_feed AS f USING (feed_id)
WHERE NOT EXISTS (SELECT FROM pub.bus_stop AS p WHERE p.stop_id = n.stop_id)
