-- What is remembered of the devices of one worker, and where ops.vehicle_state knows a later fix, that one.
-- Params: memory_version, worker, n_workers. Returns vehicle_id, memory (NULL: none, or of another layout), last_fix_at,
-- lon, lat (NULL in these three: the memory is as new). By vehicle_id. Index: primary keys; read whole.
SELECT vehicle_id, h.memory, v.last_fix_at, v.lon, v.lat
FROM (SELECT vehicle_id, memory, last_fix_at FROM ops.device_health
      WHERE memory_version = %(memory_version)s) AS h
FULL JOIN ops.vehicle_state AS v USING (vehicle_id)
WHERE vehicle_id %% %(n_workers)s = %(worker)s
ORDER BY vehicle_id
