-- The last word of many vehicles at once.
-- Params: rows: a JSON array of objects by the names of the columns, which is read much quicker than arrays of each.
-- Returns nothing. heading_deg, is_working, treatment,
-- edge_id NULL: not known. Index: primary key.
INSERT INTO ops.vehicle_state AS old (vehicle_id, last_fix_at, lon, lat, heading_deg, is_working, treatment,
                                      shift_started_at, shift_start_lon, shift_start_lat, is_shift_over, edge_id,
                                      is_synthetic, source, vehicle)
SELECT vehicle_id, last_fix_at, lon, lat, heading_deg, is_working, treatment, shift_started_at, shift_start_lon,
       shift_start_lat, is_shift_over, edge_id, is_synthetic, source, vehicle
FROM json_to_recordset(%(rows)s::json) AS w (
  vehicle_id integer, last_fix_at timestamptz, lon float8, lat float8, heading_deg real, is_working boolean,
  treatment text, shift_started_at timestamptz, shift_start_lon float8, shift_start_lat float8, is_shift_over boolean,
  edge_id bigint, is_synthetic boolean, source text, vehicle text)
ON CONFLICT (vehicle_id) DO UPDATE SET
  last_fix_at = excluded.last_fix_at, lon = excluded.lon, lat = excluded.lat, heading_deg = excluded.heading_deg,
  is_working = excluded.is_working, treatment = excluded.treatment, shift_started_at = excluded.shift_started_at,
  shift_start_lon = excluded.shift_start_lon, shift_start_lat = excluded.shift_start_lat,
  is_shift_over = excluded.is_shift_over, edge_id = excluded.edge_id, is_synthetic = excluded.is_synthetic,
  source = excluded.source, vehicle = excluded.vehicle
WHERE old.last_fix_at <= excluded.last_fix_at
