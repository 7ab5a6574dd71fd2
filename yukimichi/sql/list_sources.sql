-- Sources that are registered. Params: none. Returns: name, kind, is_synthetic, n_vehicles. Index: vehicle_source_id_…
SELECT s.name, s.kind, s.is_synthetic, count(v.vehicle_id) AS n_vehicles
FROM raw.source AS s LEFT JOIN raw.vehicle AS v USING (source_id)
GROUP BY s.source_id ORDER BY s.name
