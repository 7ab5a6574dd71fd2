-- Fixes by binary COPY. params: none. NULL: not known; file_id NULL: live. received_at is the clock of the database.
COPY raw.fix (vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work, treatment, file_id,
  content_key, batch_id) FROM STDIN (FORMAT binary)
