-- Traces of lines as they hold now; they have no fixes, by which they differ from the traces of fixes.
-- Params: vehicle_ids, ats (arrays of one length). Returns trace_id, vehicle_id, at, content_key, matcher_version,
-- network_version. Index: trace_vehicle.
SELECT DISTINCT t.trace_id, t.vehicle_id, lower(t.during) AS at, t.content_key, t.matcher_version, t.network_version
FROM unnest(%(vehicle_ids)s::integer[], %(ats)s::timestamptz[]) AS w (vehicle_id, at)
JOIN ops.trace AS t ON t.vehicle_id = w.vehicle_id AND t.superseded_at IS NULL AND t.n_fixes = 0
 AND t.during && tstzrange(w.at, w.at, '[]')
ORDER BY t.trace_id
