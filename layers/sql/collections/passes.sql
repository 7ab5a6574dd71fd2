-- Stretches driven. Params: none. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary key, passes_geom, passes_edge.
SELECT pass_id, edge_id, CASE WHEN is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       round(from_m::numeric, 2)::float8 AS from_m, round(to_m::numeric, 2)::float8 AS to_m,
       started_at, ended_at, kind, status, treatment, work_basis, confidence, matcher_version, network_version,
       is_provisional, synthetic, geom
FROM pub.passes
