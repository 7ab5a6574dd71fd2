-- The last word of a vehicle.
-- Params: the columns by their names. Returns nothing. heading_deg, is_working, treatment, edge_id NULL: not known.
-- Index: primary key.
INSERT INTO ops.vehicle_state AS old (vehicle_id, last_fix_at, lon, lat, heading_deg, is_working, treatment,
                                      shift_started_at, shift_start_lon, shift_start_lat, is_shift_over, edge_id,
                                      is_synthetic, source, vehicle)
VALUES (%(vehicle_id)s, %(last_fix_at)s, %(lon)s, %(lat)s, %(heading_deg)s, %(is_working)s, %(treatment)s,
        %(shift_started_at)s, %(shift_start_lon)s, %(shift_start_lat)s, %(is_shift_over)s, %(edge_id)s,
        %(is_synthetic)s, %(source)s, %(vehicle)s)
ON CONFLICT (vehicle_id) DO UPDATE SET
  last_fix_at = excluded.last_fix_at, lon = excluded.lon, lat = excluded.lat, heading_deg = excluded.heading_deg,
  is_working = excluded.is_working, treatment = excluded.treatment, shift_started_at = excluded.shift_started_at,
  shift_start_lon = excluded.shift_start_lon, shift_start_lat = excluded.shift_start_lat,
  is_shift_over = excluded.is_shift_over, edge_id = excluded.edge_id, is_synthetic = excluded.is_synthetic,
  source = excluded.source, vehicle = excluded.vehicle
