-- State of each edge at as_of. What is cleared or being cleared is unknown (expired) from its valid_until on, whatever
-- is stored.
-- Params: as_of, state_ja (jsonb: state -> Japanese name). Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary keys of pub.roads and pub.edge_status, roads_geom.
SELECT s.edge_id, s.name, s.route, s.manager, s.direction, s.municipality, s.road_class,
       round(s.length_m::numeric, 2)::float8 AS length_m,
       n.state, %(state_ja)s::jsonb ->> n.state AS state_ja, n.reason, s.event_id, s.reference_at, s.cleared_at,
       floor(extract(epoch FROM %(as_of)s::timestamptz - s.cleared_at))::bigint AS cleared_age_s, s.valid_until,
       s.observed_at, %(as_of)s::timestamptz AS as_of,
       floor(extract(epoch FROM %(as_of)s::timestamptz - s.observed_at))::bigint AS age_s, s.covered_fraction,
       s.treatment, s.snow_since_cm, s.work_basis, s.confidence, s.source, s.route_id, s.section_id,
       s.network_version, s.synthetic, s.geom
FROM pub.road_status AS s
CROSS JOIN LATERAL (SELECT s.state IN ('cleared', 'clearing')
                           AND s.valid_until <= %(as_of)s::timestamptz AS is_expired) AS x
CROSS JOIN LATERAL (SELECT CASE WHEN x.is_expired THEN 'unknown' ELSE s.state END AS state,
                           CASE WHEN x.is_expired THEN 'expired' ELSE s.reason END AS reason) AS n
