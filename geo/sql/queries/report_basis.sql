-- What all daily reports rest on beside facts: registers, sources, assignments, prices, plans. Another text: work them all
-- out again.
-- Params: none. Returns (basis); NULL never. Index: none; the tables are small.
SELECT md5(concat_ws('|',
  (SELECT string_agg(r::text, ',' ORDER BY r.source_id) FROM raw.vehicle_register_set AS r),
  (SELECT string_agg(s.source_id || ':' || coalesce(s.settings ->> 'contractor', '') || ':' || s.name, ','
                     ORDER BY s.source_id) FROM raw.source AS s),
  (SELECT max(a.assignment_id) || ':' || count(*) FROM ops.assignment AS a WHERE a.superseded_at IS NULL),
  (SELECT max(p.price_table_id) FROM raw.price_table AS p),
  (SELECT max(v.network_version) FROM net.version AS v),
  (SELECT string_agg(p.source_id || p.kind || p.layer || p.file_id, ',' ORDER BY p.source_id, p.kind, p.layer)
   FROM raw.plan_set AS p)
)) AS basis
