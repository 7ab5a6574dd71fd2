-- Sources of vehicles. Params: since. Returns source,
-- n_vehicles, last_received_at (NULL: never), n_fixes (of times after since). Index: primary keys of raw.fix of the
-- days since then, a span a vehicle.
SELECT s.name AS source, count(*) AS n_vehicles, max(h.last_received_at) AS last_received_at,
       coalesce(sum(f.n), 0)::bigint AS n_fixes
FROM raw.source AS s
JOIN raw.vehicle AS v USING (source_id)
LEFT JOIN ops.device_health AS h USING (vehicle_id)
LEFT JOIN LATERAL (
  SELECT count(*) AS n FROM raw.fix AS x WHERE x.vehicle_id = v.vehicle_id AND x.at > %(since)s::timestamptz
) AS f ON true
GROUP BY s.name
ORDER BY s.name
