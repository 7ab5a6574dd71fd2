-- Bus routes of the feeds that stand. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary key, bus_route_geom.
SELECT route_id, name, name_en, short_name, route_type, agency, agency_en, trips_weekday, trips_saturday, trips_sunday,
       shape_source, round(length_m::numeric, 1)::float8 AS length_m,
       round(laid_fraction::numeric, 3)::float8 AS laid_fraction, feed_version,
       valid_from::text AS valid_from, valid_to::text AS valid_to,
       valid_to < (%(as_of)s::timestamptz AT TIME ZONE timezone)::date AS is_expired, source, licence, attribution,
       synthetic, geom
FROM pub.bus_route
