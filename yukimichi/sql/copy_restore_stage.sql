-- Fixes of the archive by binary COPY. Params: none. NULL: not known; file_id NULL: came in live.
COPY pg_temp.restore_stage (vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work,
  treatment, received_at, file_id, content_key, batch_id) FROM STDIN (FORMAT binary)
