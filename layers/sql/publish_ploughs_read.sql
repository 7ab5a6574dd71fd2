-- Machines that the public may see now: working, heard of lately, far from every depot and from the shift's first stop.
-- A shift that is over has had its last stop and shows nothing.
-- Params: as_of, heard_s (seconds), mask_m (metres). Returns vehicle_id, shift_started_at, observed_at, heading_deg,
-- treatment, synthetic, lon, lat; heading and treatment NULL: not told. Index: none, both tables are small.
SELECT v.vehicle_id, v.shift_started_at, v.last_fix_at AS observed_at, v.heading_deg, v.treatment,
       v.is_synthetic AS synthetic, v.lon, v.lat
FROM ops.vehicle_state AS v
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(v.lon, v.lat), 4326)::geography AS here) AS at
WHERE v.is_working AND NOT v.is_shift_over
  AND v.last_fix_at BETWEEN %(as_of)s - make_interval(secs => %(heard_s)s) AND %(as_of)s
  AND NOT ST_DWithin(at.here, ST_SetSRID(ST_MakePoint(v.shift_start_lon, v.shift_start_lat), 4326)::geography,
                     %(mask_m)s)
  AND NOT EXISTS (SELECT FROM net.depot AS d WHERE ST_DWithin(at.here, d.geom::geography, %(mask_m)s))
ORDER BY v.vehicle_id
