-- What the small town has none of and the abstract tests ask for: a closure from before the storm, and names with
-- quotation marks, a backslash and a tab inside. Made up. Runs after tests/tiles/small_town.sql, before the publication.
INSERT INTO ops.road_order (order_id, entry_id, kind, restriction, during, planned_m, laid_m, reason, is_reason_public,
                            author, network_version, is_synthetic, geom)
VALUES (1, 1, 'restriction', 'closed', '[2026-01-14T16:30Z,)', 250, 250, '雪崩のおそれ', true, 'test', 1, true,
        ST_GeomFromText('MULTILINESTRING((136.65 36.561, 136.651 36.563))', 4326));
INSERT INTO ops.order_edge (order_id, entry_id, kind, restriction, edge_id, from_m, to_m, during, network_version)
SELECT 1, 1, 'restriction', 'closed', edge_id, 0, 200, '[2026-01-14T16:30Z,)', 1 FROM generate_series(6, 7) AS edge_id;
INSERT INTO net.reference (layer, feature_id, name, attributes, is_synthetic, geom) VALUES
  ('settlements', '2', 'l''eau d''"hiver"', '{}', true, ST_GeomFromText('POINT(136.6425 36.5575)', 4326)),
  ('settlements', '3', E'a\\b%_\tc', '{}', true, ST_GeomFromText('POINT(136.62 36.56)', 4326));
