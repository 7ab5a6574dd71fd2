-- Traces of vehicles in their windows as they hold now; those of lines, which have no fixes, are not meant.
-- Params: vehicle_ids, from_ats, to_ats (inclusive). Returns trace_id, vehicle_id, from_at, to_at, content_key,
-- matcher_version, network_version, is_provisional. Index: trace_vehicle.
SELECT t.trace_id, t.vehicle_id, lower(t.during) AS from_at, upper(t.during) AS to_at, t.content_key,
       t.matcher_version, t.network_version, t.is_provisional
FROM unnest(%(vehicle_ids)s::integer[], %(from_ats)s::timestamptz[], %(to_ats)s::timestamptz[])
  AS w (vehicle_id, from_at, to_at)
JOIN ops.trace AS t ON t.vehicle_id = w.vehicle_id AND t.superseded_at IS NULL AND t.n_fixes > 0
 AND t.during && tstzrange(w.from_at, w.to_at, '[]')
ORDER BY t.trace_id
