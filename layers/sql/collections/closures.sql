-- Restrictions of traffic, those that are over and those to come too.
-- Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326). NULL as the catalogue says. Indexes: primary key, closures_geom.
SELECT closure_id, restriction, restriction_ja, restriction_en, name, route, manager, direction, reason, starts_at,
       ends_at, starts_at <= %(as_of)s::timestamptz AND coalesce(ends_at > %(as_of)s::timestamptz, true) AS is_active,
       %(as_of)s::timestamptz AS as_of, round(length_m::numeric, 1)::float8 AS length_m, edges, network_version,
       synthetic, geom
FROM pub.closures
