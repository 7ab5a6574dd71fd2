-- A town of straight streets, 30 by 25 blocks near Kanazawa, whose states are known by row and column: what clients show
-- of it can be told without asking the service. The moment that everything is relative to is the setting town.as_of.
--
-- Row r (0 in the south) lies at 36.52 + 0.0024 r degrees north, column c at 136.60 + 0.003 c degrees east. A piece
-- along row r from column c on is 1 + 30 r + c, one along column c from row r on is 1001 + 25 c + r. The state of both
-- directions goes by r % 10 along rows and by c % 10 along columns:
--   0 cleared 20 min ago, 1 two hours, 2 five hours, 3 nine hours, 4 twenty hours ago, 5 clearing, 6 uncleared,
--   7 unknown (silent), 8 on nobody's plan (no row), 9 cleared, and run out a minute ago.
-- Column 15 is cleared 20 min ago forward and uncleared backward; column 25 likewise with nobody's plan backward.
INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic)
VALUES ('\x0102030405060708', 6675, 806, 3110, '\x00', true);

CREATE TEMPORARY VIEW street AS
SELECT 1 + 30 * r + c AS piece_id, r % 10 AS code, NULL::integer AS col, r AS row,
       136.60 + 0.003 * c AS west, 36.52 + 0.0024 * r AS south, 136.603 + 0.003 * c AS east, 36.52 + 0.0024 * r AS north
FROM generate_series(0, 25) AS r, generate_series(0, 29) AS c
UNION ALL
SELECT 1001 + 25 * c + r, c % 10, c, NULL,
       136.60 + 0.003 * c, 36.52 + 0.0024 * r, 136.60 + 0.003 * c, 36.5224 + 0.0024 * r
FROM generate_series(0, 30) AS c, generate_series(0, 24) AS r;

INSERT INTO net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m,
                       external_to_m, name, route, manager, road_class, oneway, level, lanes, width_m, speed_mps,
                       is_closed, length_m, content_key, geom)
SELECT piece_id, 1, piece_id, piece_id + 1, 1, piece_id::text, 0, 1,
       CASE WHEN row = 0 THEN '北陸自動車道' WHEN row IS NULL THEN '第' || col || '通り' ELSE row || '条通り' END,
       CASE WHEN row = 0 THEN 'E8' WHEN row = 12 THEN '国道8号' WHEN col = 10 THEN '国道159号' WHEN row = 6 THEN '県道8号' END,
       CASE WHEN row IN (0, 12) OR col = 10 THEN 'nation' WHEN row IN (6, 18) OR col = 20 THEN 'prefecture'
            ELSE 'municipality' END,
       CASE WHEN row = 0 THEN 'expressway' WHEN row = 12 OR col = 10 THEN 'national'
            WHEN row = 6 OR col = 20 THEN 'major_prefectural' WHEN row = 18 THEN 'prefectural'
            WHEN row = 25 OR col IN (15, 25) THEN 'municipal_main' WHEN col = 29 THEN 'service' ELSE 'municipal' END,
       CASE WHEN row = 0 THEN 1 ELSE 0 END, 0, 2, 6.5, 10, false,
       ST_Length(ST_MakeLine(ST_MakePoint(west, south), ST_MakePoint(east, north))::geography), '\x00',
       ST_SetSRID(ST_MakeLine(ST_MakePoint(west, south), ST_MakePoint(east, north)), 4326)
FROM street;

INSERT INTO net.plough_route (route_id, name, route_class, manager, office, target_time, callout_depth_cm,
                              is_priority_network, planned_m, laid_m, is_synthetic, geom)
VALUES
  ('R1', '国道8号 金沢', '第1種', 'nation', '金沢土木', '07:00', 5, true, 8000, 8000, true,
   ST_GeomFromText('MULTILINESTRING((136.60 36.5488, 136.69 36.5488))', 4326)),
  ('R2', '県道8号 金沢', '第2種', 'prefecture', '金沢土木', '07:30', 10, false, 8000, 8000, true,
   ST_GeomFromText('MULTILINESTRING((136.60 36.5344, 136.69 36.5344))', 4326));
INSERT INTO net.work_section (section_id, name, manager, contractor, planned_m, laid_m, is_synthetic, geom)
VALUES ('S1', '本町工区', 'municipality', '秘密建設', NULL, 500, true,
        ST_GeomFromText('POLYGON((136.64 36.55, 136.66 36.55, 136.66 36.57, 136.64 36.57, 136.64 36.55))', 4326));
INSERT INTO net.plan_edge (network_version, route_id, section_id, edge_id, from_m, to_m)
SELECT 1, CASE s.row WHEN 12 THEN 'R1' ELSE 'R2' END, NULL, 2 * p.piece_id + side, 0, p.length_m
FROM street AS s JOIN net.piece AS p USING (piece_id), generate_series(0, 1) AS side WHERE s.row IN (6, 12)
UNION ALL
SELECT 1, NULL, 'S1', 2 * p.piece_id + side, 0, p.length_m
FROM street AS s JOIN net.piece AS p USING (piece_id), generate_series(0, 1) AS side
WHERE s.code <> 8 AND coalesce(s.row, 0) NOT IN (6, 12);
INSERT INTO net.depot (depot_id, name, is_synthetic, geom)
VALUES ('D1', '除雪基地', true, ST_GeomFromText('POINT(136.61 36.523)', 4326));
INSERT INTO net.reference (layer, feature_id, name, attributes, is_synthetic, geom) VALUES
  ('municipalities', '17201', '金沢市', '{"name_en": "Kanazawa"}', true,
   ST_GeomFromText('POLYGON((136.58 36.50, 136.66 36.50, 136.66 36.60, 136.58 36.60, 136.58 36.50))', 4326)),
  ('municipalities', '17361', '津幡町', '{"name_en": "Tsubata"}', true,
   ST_GeomFromText('POLYGON((136.66 36.50, 136.71 36.50, 136.71 36.60, 136.66 36.60, 136.66 36.50))', 4326)),
  ('settlements', '1', '本町', '{"name_en": "Hommachi", "size": 3}', true,
   ST_GeomFromText('POINT(136.6515 36.5500)', 4326)),
  ('coast', '1', NULL, '{}', true, ST_GeomFromText('LINESTRING(136.585 36.50, 136.59 36.55, 136.595 36.60)', 4326)),
  ('shelters', '1', '体育館', '{"capacity": 300}', true, ST_GeomFromText('POINT(136.6405 36.5405)', 4326)),
  ('depots', 'D1', '除雪基地', '{}', true, ST_GeomFromText('POINT(136.61 36.523)', 4326));

INSERT INTO ops.event (kind, name, reference_at, is_synthetic)
SELECT 'storm', '一月の大雪', current_setting('town.as_of')::timestamptz - interval '23 hours', true;
INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version)
SELECT event_id, current_setting('town.as_of')::timestamptz, 4, 1 FROM ops.event WHERE kind = 'storm';

-- What each code says; code 8 has no row.
CREATE TEMPORARY VIEW coded AS
SELECT code, state, reason, cleared_min, valid_min, observed_min, covered
FROM (VALUES
  (0, 'cleared', 'none', 20, 1420, 5, 1.0), (1, 'cleared', 'none', 120, 1320, 110, 0.99),
  (2, 'cleared', 'none', 300, 1140, 290, 0.98), (3, 'cleared', 'none', 540, 900, 530, 0.97),
  (4, 'cleared', 'none', 1200, 240, 1190, 0.96), (5, 'clearing', 'none', NULL, 50, 4, 0.5),
  (6, 'uncleared', 'none', NULL, NULL, NULL, 0.0), (7, 'unknown', 'silent', NULL, NULL, 200, 0.2),
  (9, 'cleared', 'none', 1379, -1, 1370, 1.0)
) AS c (code, state, reason, cleared_min, valid_min, observed_min, covered);

INSERT INTO ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                             treatment, work_basis, confidence, source, network_version, is_synthetic)
SELECT e.event_id, 2 * s.piece_id + side, c.state, c.reason, t.as_of - c.cleared_min * interval '1 minute',
       t.as_of + c.valid_min * interval '1 minute', t.as_of - c.observed_min * interval '1 minute', c.covered,
       CASE WHEN c.covered > 0 THEN 'fresh_snow_plowing' END, CASE WHEN c.covered > 0 THEN 'sensed' ELSE 'unknown' END,
       CASE WHEN c.covered > 0 THEN 0.97 ELSE 0 END, 'demo', 1, true
FROM street AS s
CROSS JOIN generate_series(0, 1) AS side
JOIN coded AS c ON c.code = CASE WHEN s.col IN (15, 25) THEN CASE WHEN side = 0 THEN 0 WHEN s.col = 15 THEN 6 ELSE 8 END
                                 ELSE s.code END
CROSS JOIN (SELECT current_setting('town.as_of')::timestamptz AS as_of) AS t
JOIN ops.event AS e ON e.kind = 'storm'
WHERE NOT (coalesce(s.row, -1) = 0 AND side = 1);

-- Passes along the rows that were cleared, and one stretch without work.
INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, work_basis,
                      confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional,
                      is_synthetic)
SELECT 1, row_number() OVER (ORDER BY p.piece_id), 1, 2 * p.piece_id, 0.25 * p.length_m, p.length_m,
       tstzrange(t.cleared_at - interval '2 minutes', t.cleared_at), k.kind, 'matched', k.treatment, 'sensed', 0.97,
       t.cleared_at - interval '2 minutes', t.cleared_at, 9, 'm1', 1, false, true
FROM street AS s
JOIN coded AS c USING (code)
JOIN net.piece AS p USING (piece_id)
CROSS JOIN LATERAL (SELECT current_setting('town.as_of')::timestamptz - c.cleared_min * interval '1 minute'
                           AS cleared_at) AS t
CROSS JOIN LATERAL (SELECT CASE WHEN s.row = 1 THEN 'deadhead' ELSE 'pass' END AS kind,
                           CASE WHEN s.row = 1 THEN NULL ELSE 'fresh_snow_plowing' END AS treatment) AS k
WHERE s.row IN (1, 10, 20, 24) AND c.cleared_min IS NOT NULL;

INSERT INTO ops.vehicle_state (vehicle_id, last_fix_at, lon, lat, heading_deg, is_working, treatment, shift_started_at,
                               shift_start_lon, shift_start_lat, is_shift_over, edge_id, is_synthetic, source, vehicle)
SELECT v.vehicle_id, t.as_of - v.silent_min * interval '1 minute', v.lon, v.lat, v.heading_deg, true,
       'fresh_snow_plowing', t.as_of - interval '3 hours', 136.61, 36.523, false, NULL, true, 'vendor',
       'plough-000' || v.vehicle_id
FROM (VALUES (1, 1, 136.6465, 36.5560, 90), (2, 2, 136.6765, 36.5200, 270), (3, 4, 136.6300, 36.5450, 0),
             (4, 12, 136.6600, 36.5720, 180), (5, 2, 136.6101, 36.5231, 0))
     AS v (vehicle_id, silent_min, lon, lat, heading_deg),
     (SELECT current_setting('town.as_of')::timestamptz AS as_of) AS t;
INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic)
SELECT 'R1', '秘密建設', '除雪グレーダ1号', 1, tstzrange(t.as_of - interval '60 days', t.as_of + interval '60 days'), true
FROM (SELECT current_setting('town.as_of')::timestamptz AS as_of) AS t;

-- Row 19 is closed between columns 5 and 9, row 18 asks for winter tyres; nobody may see row 3 from column 25 on.
INSERT INTO ops.road_order (order_id, entry_id, kind, restriction, during, planned_m, laid_m, reason, is_reason_public,
                            author, network_version, is_synthetic, geom)
SELECT o.order_id, o.order_id, o.kind, o.restriction, tstzrange(t.as_of - interval '2 hours', NULL), 1000, 1000,
       o.reason, o.order_id = 1, 'test', 1, true, ST_GeomFromText(o.wkt, 4326)
FROM (VALUES (1, 'restriction', 'closed', '雪崩のおそれ', 'LINESTRING(136.615 36.5656, 136.627 36.5656)'),
             (2, 'restriction', 'winter_tyres', '圧雪', 'LINESTRING(136.60 36.5632, 136.69 36.5632)'),
             (3, 'publication_stop', NULL, '現地確認中',
              'POLYGON((136.674 36.5270, 136.6905 36.5270, 136.6905 36.5274, 136.674 36.5274, 136.674 36.5270))'))
     AS o (order_id, kind, restriction, reason, wkt),
     (SELECT current_setting('town.as_of')::timestamptz AS as_of) AS t;
INSERT INTO ops.order_edge (order_id, entry_id, kind, restriction, edge_id, from_m, to_m, during, network_version)
SELECT o.order_id, o.order_id, o.kind, o.restriction, 2 * p.piece_id + side, 0, p.length_m, o.during, 1
FROM ops.road_order AS o
JOIN street AS s ON (o.order_id = 1 AND s.row = 19 AND s.piece_id - 571 BETWEEN 5 AND 8)
                 OR (o.order_id = 2 AND s.row = 18)
                 OR (o.order_id = 3 AND s.row = 3 AND s.piece_id - 91 BETWEEN 25 AND 29)
JOIN net.piece AS p USING (piece_id)
CROSS JOIN generate_series(0, 1) AS side;

-- Snow on three cells: observed, a lower bound, and missing. Two stations, one of which was never heard.
INSERT INTO ops.snow_cell (cell, network_version, as_of, event_id, reference_at, total_cm, basis, depth_cm, fell_1h_cm,
                           basis_1h, observed_at, is_synthetic)
SELECT floor((36.545 + 90) * 120)::integer * 28800 + floor((136.62 + 180) * 80)::integer + v.step, 1, t.as_of, e.event_id,
       e.reference_at, v.total_cm, v.basis, v.depth_cm, v.fell_1h_cm, v.basis, t.as_of - interval '10 minutes', true
FROM (VALUES (0, 12.5, 'observed', 31, 2.5), (1, 4.0, 'partial', 20, 0.5), (2, NULL, 'missing', NULL, NULL))
     AS v (step, total_cm, basis, depth_cm, fell_1h_cm),
     (SELECT current_setting('town.as_of')::timestamptz AS as_of) AS t,
     ops.event AS e WHERE e.kind = 'storm';
INSERT INTO ops.weather_station (station_id, source, external_id, name, lon, lat, elevation_m, depth_cm, depth_at,
                                 fell_1h_cm, observed_at, is_synthetic)
SELECT v.station_id, 'jma', v.external_id, v.name, v.lon, v.lat, 12, v.depth_cm, t.at, v.fell_1h_cm, t.at, true
FROM (VALUES (1, '99001', '合成観測所', 136.6375, 36.5700, 31, 2.5), (2, '99002', '山の観測所', 136.6800, 36.5300, NULL, NULL))
     AS v (station_id, external_id, name, lon, lat, depth_cm, fell_1h_cm)
CROSS JOIN LATERAL (SELECT CASE WHEN v.depth_cm IS NOT NULL
                                THEN current_setting('town.as_of')::timestamptz - interval '10 minutes' END AS at) AS t;
