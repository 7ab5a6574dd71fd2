-- Machines that the public may see now: working, heard of lately, far from every depot and from the shift's first stop.
-- A shift that is over has had its last stop and shows nothing.
-- Params: as_of, heard_s (seconds), mask_m (metres). Returns vehicle_id, shift_started_at, observed_at, heading_deg,
-- treatment, synthetic, lon, lat, overdue_at (from then on it is shown as silent), shown_until (from then on no more);
-- heading and treatment NULL: not told. Index: primary keys, all tables are small. A degree of longitude has 50 km or
-- more up to 63 degrees of latitude, which finds the few depots to be measured exactly.
WITH depot AS MATERIALIZED (
  SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat, geom::geography AS place FROM net.depot
)
SELECT v.vehicle_id, v.shift_started_at, v.last_fix_at AS observed_at, v.heading_deg, v.treatment,
       v.is_synthetic AS synthetic, v.lon, v.lat,
       v.last_fix_at + make_interval(secs => least(h.overdue_s, %(heard_s)s)) AS overdue_at,
       v.last_fix_at + make_interval(secs => %(heard_s)s) AS shown_until
FROM ops.vehicle_state AS v
LEFT JOIN ops.device_health AS h USING (vehicle_id)
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(v.lon, v.lat), 4326)::geography AS here) AS at
WHERE v.is_working AND NOT v.is_shift_over
  AND v.last_fix_at BETWEEN %(as_of)s - make_interval(secs => %(heard_s)s) AND %(as_of)s
  AND NOT ST_DWithin(at.here, ST_SetSRID(ST_MakePoint(v.shift_start_lon, v.shift_start_lat), 4326)::geography,
                     %(mask_m)s)
  AND NOT EXISTS (SELECT FROM depot AS d
                  WHERE abs(d.lon - v.lon) < %(mask_m)s / 50000.0 AND abs(d.lat - v.lat) < %(mask_m)s / 50000.0
                    AND ST_DWithin(at.here, d.place, %(mask_m)s))
ORDER BY v.vehicle_id
