-- More of the small town for the card of a road: an event's night along a plough route of three roads, as the engine
-- writes it. Route R1 holds pieces 1, 2 and 6 (nodes 1-2-3-8); a plough works on edge 2 (state clearing). R0 is a route of
-- another class with an earlier deadline, not done.
INSERT INTO net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m,
                       external_to_m, name, route, manager, road_class, oneway, level, lanes, width_m, speed_mps,
                       is_closed, length_m, content_key, geom)
SELECT p.piece_id, 1, p.from_node, p.to_node, 1, p.piece_id::text, 0, 1, NULL, NULL, 'nation', 'national', 0, 0, 2, 6.5,
       10, false, ST_Length(p.geom::geography), '\x00', p.geom
FROM (VALUES
  (6, 3, 8, ST_GeomFromText('LINESTRING(136.66 36.562, 136.67 36.562)', 4326)),
  (7, 20, 21, ST_GeomFromText('LINESTRING(136.70 36.52, 136.71 36.52)', 4326))
) AS p (piece_id, from_node, to_node, geom);
INSERT INTO net.plough_route (route_id, name, route_class, manager, office, target_time, callout_depth_cm,
                              is_priority_network, planned_m, laid_m, is_synthetic, geom)
VALUES ('R0', '国道の橋', '特別', 'nation', '金沢土木', '06:00', 5, true, 900, 900, true,
        ST_GeomFromText('MULTILINESTRING((136.70 36.52, 136.71 36.52))', 4326));
INSERT INTO net.plan_edge (network_version, route_id, section_id, edge_id, from_m, to_m)
SELECT 1, CASE piece_id WHEN 7 THEN 'R0' ELSE 'R1' END, NULL, 2 * piece_id + side, 0, length_m
FROM net.piece, generate_series(0, 1) AS side WHERE piece_id IN (1, 6, 7);
INSERT INTO ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                             passed_fraction, treatment, work_basis, confidence, source, network_version, is_synthetic)
SELECT e.event_id, s.edge_id, s.state, s.reason, NULL, s.valid_until::timestamptz, s.observed_at::timestamptz,
       s.covered, s.covered, s.treatment, s.work_basis, s.confidence, 'demo', 1, true
FROM ops.event AS e, (VALUES
  (2, 'clearing', 'none', '2026-01-14T22:56Z', '2026-01-14T21:56Z', 0.4, 'fresh_snow_plowing', 'sensed', 0.97),
  (12, 'uncleared', 'none', NULL, NULL, 0.0, NULL, 'unknown', 0.0),
  (13, 'unknown', 'silent', NULL, '2026-01-14T19:00Z', 0.0, NULL, 'unknown', 0.0),
  (14, 'uncleared', 'none', NULL, NULL, 0.0, NULL, 'unknown', 0.0),
  (15, 'uncleared', 'none', NULL, NULL, 0.0, NULL, 'unknown', 0.0)
) AS s (edge_id, state, reason, valid_until, observed_at, covered, treatment, work_basis, confidence)
WHERE e.kind = 'storm';
INSERT INTO ops.service_level (kind, name, event_id, as_of, callout_at, target_at, service_state, length_m, achieved_m,
                               pending_m, at_risk_m, late_m, missed_m, unknown_m, no_target_m, is_synthetic)
SELECT 'route', s.name, e.event_id, '2026-01-14T21:55Z', '2026-01-14T18:00Z', s.target_at::timestamptz, s.state, 1000, 0,
       500, s.at_risk_m, 0, 0, 0, 0, true
FROM ops.event AS e, (VALUES ('R1', '2026-01-14T22:30Z', 'at_risk', 500), ('R0', '2026-01-14T21:00Z', 'missed', 0))
  AS s (name, target_at, state, at_risk_m)
WHERE e.kind = 'storm';
-- 100 became most of 2 and a bit of 3; 150 became 100; nothing is left of 160
INSERT INTO net.edge_lineage (network_version, from_edge_id, from_from_m, from_to_m, to_edge_id, to_from_m, to_to_m)
VALUES (1, 200, 0, 50, 4, 0, 50), (1, 200, 50, 70, 6, 0, 20), (1, 300, 0, 10, 200, 0, 10), (1, 320, 0, 9, NULL, NULL, NULL);
