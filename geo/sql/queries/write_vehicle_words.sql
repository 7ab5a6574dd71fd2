-- The last word of many vehicles at once.
-- Params: arrays of one length by the names of the columns. Returns nothing. heading_deg, is_working, treatment,
-- edge_id NULL: not known. Index: primary key.
INSERT INTO ops.vehicle_state AS old (vehicle_id, last_fix_at, lon, lat, heading_deg, is_working, treatment,
                                      shift_started_at, shift_start_lon, shift_start_lat, is_shift_over, edge_id,
                                      is_synthetic, source, vehicle)
SELECT * FROM unnest(
  %(vehicle_id)s::integer[], %(last_fix_at)s::timestamptz[], %(lon)s::float8[], %(lat)s::float8[],
  %(heading_deg)s::real[], %(is_working)s::boolean[], %(treatment)s::text[], %(shift_started_at)s::timestamptz[],
  %(shift_start_lon)s::float8[], %(shift_start_lat)s::float8[], %(is_shift_over)s::boolean[], %(edge_id)s::bigint[],
  %(is_synthetic)s::boolean[], %(source)s::text[], %(vehicle)s::text[])
ON CONFLICT (vehicle_id) DO UPDATE SET
  last_fix_at = excluded.last_fix_at, lon = excluded.lon, lat = excluded.lat, heading_deg = excluded.heading_deg,
  is_working = excluded.is_working, treatment = excluded.treatment, shift_started_at = excluded.shift_started_at,
  shift_start_lon = excluded.shift_start_lon, shift_start_lat = excluded.shift_start_lat,
  is_shift_over = excluded.is_shift_over, edge_id = excluded.edge_id, is_synthetic = excluded.is_synthetic,
  source = excluded.source, vehicle = excluded.vehicle
WHERE old.last_fix_at <= excluded.last_fix_at
