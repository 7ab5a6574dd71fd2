-- A town of five road pieces near Kanazawa, a storm from 18:00 to 23:00 UTC on 14 January 2026, as the engine writes it.
-- 1 expressway, one-way along digitising; 2 国道8号, both ways; 3 本町通り, both ways; 4 a lane, one-way against
-- digitising; 5 closed to vehicles.
INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic)
VALUES ('\x0102030405060708', 6675, 6, 10, '\x00', true);
INSERT INTO net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m,
                       external_to_m, name, route, manager, road_class, oneway, level, lanes, width_m, speed_mps,
                       is_closed, length_m, content_key, geom)
SELECT p.piece_id, 1, p.piece_id, p.piece_id + 1, 1, p.piece_id::text, 0, 1, p.name, p.route, p.manager, p.road_class,
       p.oneway, p.level, 2, 6.5, 10, p.is_closed, ST_Length(p.geom::geography), '\x00', p.geom
FROM (VALUES
  (1, '北陸自動車道', 'E8', 'nation', 'expressway', 1, 1, false,
   ST_GeomFromText('LINESTRING(136.60 36.55, 136.62 36.56, 136.66 36.58)', 4326)),
  (2, NULL, '国道8号', 'nation', 'national', 0, 0, false,
   ST_GeomFromText('LINESTRING(136.62 36.56, 136.65 36.561, 136.66 36.562)', 4326)),
  (3, '本町通り', NULL, 'municipality', 'municipal', 0, 0, false,
   ST_GeomFromText('LINESTRING(136.65 36.561, 136.651 36.563)', 4326)),
  (4, NULL, NULL, 'municipality', 'municipal', -1, 0, false,
   ST_GeomFromText('LINESTRING(136.651 36.563, 136.653 36.563)', 4326)),
  (5, NULL, NULL, 'unknown', 'service', 0, 0, true,
   ST_GeomFromText('LINESTRING(136.653 36.563, 136.654 36.564)', 4326))
) AS p (piece_id, name, route, manager, road_class, oneway, level, is_closed, geom);

INSERT INTO net.plough_route (route_id, name, route_class, manager, office, target_time, callout_depth_cm,
                              is_priority_network, planned_m, laid_m, is_synthetic, geom)
VALUES ('R1', '国道8号 金沢', '第1種', 'nation', '金沢土木', '07:00', 5, true, 7000, 7000, true,
        ST_GeomFromText('MULTILINESTRING((136.62 36.56, 136.66 36.562))', 4326));
INSERT INTO net.work_section (section_id, name, manager, contractor, planned_m, laid_m, is_synthetic, geom)
VALUES ('S1', '本町工区', 'municipality', '秘密建設', NULL, 500, true,
        ST_GeomFromText('POLYGON((136.64 36.55, 136.66 36.55, 136.66 36.57, 136.64 36.57, 136.64 36.55))', 4326));
INSERT INTO net.plan_edge (network_version, route_id, section_id, edge_id, from_m, to_m)
SELECT 1, 'R1', NULL, 2 * piece_id + side, 0, length_m FROM net.piece, generate_series(0, 1) AS side WHERE piece_id = 2
UNION ALL
SELECT 1, NULL, 'S1', 2 * piece_id + side, 0, length_m FROM net.piece, generate_series(0, 1) AS side WHERE piece_id = 3
UNION ALL -- a sliver that holds less than half of piece 4
SELECT 1, 'R1', NULL, 9, 0, 3;
INSERT INTO net.depot (depot_id, name, is_synthetic, geom)
VALUES ('D1', '除雪基地', true, ST_GeomFromText('POINT(136.70 36.60)', 4326));
INSERT INTO net.reference (layer, feature_id, name, attributes, is_synthetic, geom) VALUES
  ('municipalities', '17201', '金沢市', '{"name_en": "Kanazawa"}', true,
   ST_GeomFromText('POLYGON((136.5 36.5, 136.9 36.5, 136.9 36.7, 136.5 36.7, 136.5 36.5))', 4326)),
  ('settlements', '1', '本町', '{"name_en": "Hommachi", "size": 3}', true,
   ST_GeomFromText('POINT(136.65 36.56)', 4326)),
  ('coast', '1', NULL, '{}', true, ST_GeomFromText('LINESTRING(136.5 36.5, 136.55 36.6, 136.6 36.7)', 4326)),
  ('depots', 'D1', '除雪基地', '{}', true, ST_GeomFromText('POINT(136.70 36.60)', 4326));

INSERT INTO ops.event (kind, name, reference_at, is_synthetic) VALUES ('storm', '一月の大雪', '2026-01-14T18:00Z', true);
INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version)
SELECT event_id, '2026-01-14T22:00Z', 4, 1 FROM ops.event WHERE kind = 'storm';
INSERT INTO ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                             treatment, work_basis, confidence, source, network_version, is_synthetic)
SELECT e.event_id, s.edge_id, s.state, s.reason, s.cleared_at::timestamptz, s.valid_until::timestamptz,
       s.observed_at::timestamptz, s.covered_fraction, s.treatment, s.work_basis, s.confidence, 'demo', 1, true
FROM ops.event AS e, (VALUES
  (4, 'cleared', 'none', '2026-01-14T21:00Z', '2026-01-15T21:00Z', '2026-01-14T21:30Z', 1.0, 'fresh_snow_plowing',
   'sensed', 0.97),
  (5, 'uncleared', 'none', NULL, NULL, NULL, 0.0, NULL, 'unknown', 0.0),
  (6, 'cleared', 'none', '2026-01-14T19:00Z', '2026-01-14T22:30Z', '2026-01-14T19:10Z', 0.98, 'surface_grading',
   'declared', 0.8),
  (7, 'unknown', 'silent', NULL, NULL, '2026-01-14T18:30Z', 0.2, NULL, 'unknown', 0.3)
) AS s (edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction, treatment, work_basis,
        confidence)
WHERE e.kind = 'storm';

INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, work_basis,
                      confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional,
                      is_synthetic, superseded_at)
SELECT 1, p.seq, 1, p.edge_id, p.from_share * n.length_m, p.to_share * n.length_m,
       tstzrange(p.began::timestamptz, p.ended::timestamptz), p.kind, 'matched', p.treatment, p.work_basis, 0.9,
       p.began::timestamptz, p.ended::timestamptz, 9, 'm1', 1, false, true, p.superseded::timestamptz
FROM (VALUES
  (1, 4, 0.0, 1.0, '2026-01-14T20:50Z', '2026-01-14T21:00Z', 'pass', 'fresh_snow_plowing', 'sensed', NULL),
  (2, 7, 0.25, 0.5, '2026-01-14T18:20Z', '2026-01-14T18:30Z', 'deadhead', NULL, 'sensed', NULL),
  (3, 6, 0.0, 1.0, '2026-01-14T19:00Z', '2026-01-14T19:10Z', 'unknown', NULL, 'unknown', '2026-01-14T20:00Z'),
  (4, 6, 0.0, 1.0, '2026-01-14T17:00Z', '2026-01-14T17:10Z', 'pass', 'fresh_snow_plowing', 'sensed', NULL)
) AS p (seq, edge_id, from_share, to_share, began, ended, kind, treatment, work_basis, superseded)
JOIN net.piece AS n ON n.piece_id = p.edge_id >> 1;

-- 1 shown; 2 near the depot; 3 near its shift's first stop; 4 its shift is over; 5 silent; 6 not working
INSERT INTO ops.vehicle_state (vehicle_id, last_fix_at, lon, lat, heading_deg, is_working, treatment, shift_started_at,
                               shift_start_lon, shift_start_lat, is_shift_over, edge_id, is_synthetic, source, vehicle)
VALUES
  (1, '2026-01-14T21:59Z', 136.65, 36.561, 90, true, 'fresh_snow_plowing', '2026-01-14T18:00Z', 136.70, 36.60, false,
   4, true, 'vendor', 'plough-0001'),
  (2, '2026-01-14T21:59Z', 136.7005, 36.6005, 90, true, NULL, '2026-01-14T18:00Z', 136.60, 36.50, false, NULL, true,
   'vendor', 'plough-0002'),
  (3, '2026-01-14T21:59Z', 136.6305, 36.5605, 90, true, NULL, '2026-01-14T18:00Z', 136.63, 36.56, false, 4, true,
   'vendor', 'plough-0003'),
  (4, '2026-01-14T21:59Z', 136.64, 36.56, 90, true, NULL, '2026-01-14T18:00Z', 136.70, 36.60, true, 4, true, 'vendor',
   'plough-0004'),
  (5, '2026-01-14T20:00Z', 136.64, 36.56, 90, true, NULL, '2026-01-14T18:00Z', 136.70, 36.60, false, 4, true,
   'vendor', 'plough-0005'),
  (6, '2026-01-14T21:59Z', 136.64, 36.56, 90, false, NULL, '2026-01-14T18:00Z', 136.70, 36.60, false, 4, true,
   'vendor', 'plough-0006');
INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic)
VALUES ('R1', '秘密建設', '除雪グレーダ1号', 1, '[2026-01-01T00:00Z, 2026-04-01T00:00Z)', true);

-- 7 shows the snow of one cell and one station
INSERT INTO ops.snow_cell (cell, network_version, as_of, event_id, reference_at, total_cm, basis, depth_cm, fell_1h_cm,
                           basis_1h, observed_at, is_synthetic)
SELECT floor((36.56 + 90) * 120)::integer * 28800 + floor((136.65 + 180) * 80)::integer, 1, '2026-01-14T22:00Z', event_id,
       reference_at, 12.5, 'partial', 31, 2.5, 'observed', '2026-01-14T21:50Z', true
FROM ops.event WHERE kind <> 'standing' LIMIT 1;
INSERT INTO ops.weather_station (station_id, source, external_id, name, lon, lat, elevation_m, depth_cm, depth_at,
                                 fell_1h_cm, observed_at, is_synthetic)
VALUES (1, 'jma', '99001', '合成観測所', 136.64, 36.57, 12, 31, '2026-01-14T21:50Z', 2.5, '2026-01-14T21:50Z', true);
