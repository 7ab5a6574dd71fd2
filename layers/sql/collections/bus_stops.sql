-- Bus stops of the feeds that stand. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary key, bus_stop_geom.
SELECT stop_id, name, name_en, routes, departures_weekday, departures_saturday, departures_sunday, agency, feed_version,
       valid_from::text AS valid_from, valid_to::text AS valid_to,
       valid_to < (%(as_of)s::timestamptz AT TIME ZONE timezone)::date AS is_expired, source, licence, attribution,
       synthetic, geom
FROM pub.bus_stop
