-- State of each edge at as_of. What is cleared or being cleared is unknown (expired) from its valid_until on, whatever
-- is stored; the other direction likewise. Snow since the clearing is what the cell has got since the event began, less
-- what it had by then; both count from the same reference time, or the snow is missing.
-- Params: as_of, state_ja (jsonb: state -> Japanese name). Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary keys of pub.roads, pub.edge_status and pub.snow_cell, roads_geom.
SELECT s.edge_id, s.name, s.route, s.manager, s.direction, s.municipality, s.road_class,
       round(s.length_m::numeric, 2)::float8 AS length_m,
       n.state, %(state_ja)s::jsonb ->> n.state AS state_ja, n.reason,
       CASE WHEN o.state IN ('cleared', 'clearing') AND o.valid_until <= %(as_of)s::timestamptz THEN 'unknown'
            ELSE o.state END AS other_side,
       s.restriction, s.is_corrected, s.event_id, s.reference_at, s.cleared_at,
       floor(extract(epoch FROM %(as_of)s::timestamptz - s.cleared_at))::bigint AS cleared_age_s, s.valid_until,
       s.observed_at, %(as_of)s::timestamptz AS as_of,
       floor(extract(epoch FROM %(as_of)s::timestamptz - s.observed_at))::bigint AS age_s, s.covered_fraction,
       s.passed_fraction, s.passes_needed, s.treatment, s.spread_at, s.sidewalk_at,
       -- greatest() would turn what is missing into zero
       CASE WHEN f.total_cm IS NOT NULL AND s.snow_at_clearing_cm IS NOT NULL AND s.cleared_at IS NOT NULL
            THEN round(greatest(f.total_cm - s.snow_at_clearing_cm, 0)::numeric, 1)::float8 END AS snow_since_cm,
       CASE WHEN s.cleared_at IS NULL THEN NULL
            WHEN f.total_cm IS NULL OR s.snow_at_clearing_cm IS NULL THEN 'missing' ELSE f.basis END AS snow_basis,
       s.work_basis, s.confidence, s.source, s.route_id, s.section_id, s.network_version, s.synthetic, s.geom
FROM pub.road_status AS s
LEFT JOIN (pub.edge_status AS o JOIN pub.roads AS other USING (edge_id)) ON o.edge_id = s.edge_id # 1
LEFT JOIN pub.snow_cell AS f ON f.cell = s.snow_cell AND f.event_id = s.event_id AND f.reference_at = s.reference_at
CROSS JOIN LATERAL (SELECT s.state IN ('cleared', 'clearing')
                           AND s.valid_until <= %(as_of)s::timestamptz AS is_expired) AS x
CROSS JOIN LATERAL (SELECT CASE WHEN x.is_expired THEN 'unknown' ELSE s.state END AS state,
                           CASE WHEN x.is_expired THEN 'expired' ELSE s.reason END AS reason) AS n
