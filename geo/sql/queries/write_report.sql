-- Keep a daily report. Params: report_id, day, vehicle_id, totals (jsonb), detail (jsonb), content_key, is_synthetic,
-- piece_ids (roads worked on). Returns nothing. geom NULL: none. Index: primary keys.
INSERT INTO ops.daily_report AS old (report_id, day, vehicle_id, totals, detail, content_key, is_synthetic, geom)
SELECT %(report_id)s, %(day)s, %(vehicle_id)s, %(totals)s, %(detail)s, %(content_key)s, %(is_synthetic)s,
       (SELECT ST_Multi(ST_LineMerge(ST_Collect(p.geom))) FROM net.piece AS p
        WHERE p.piece_id = ANY(%(piece_ids)s::bigint[]))
ON CONFLICT (report_id) DO UPDATE
SET day = excluded.day, vehicle_id = excluded.vehicle_id, totals = excluded.totals, detail = excluded.detail,
    content_key = excluded.content_key, is_synthetic = excluded.is_synthetic, geom = excluded.geom, recorded_at = now()
