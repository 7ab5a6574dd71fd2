-- Live fixes by binary COPY. params: none. NULL: not known; file_id NULL: live. number counts the rows.
COPY pg_temp.live_fix (vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work, treatment, file_id,
  content_key, batch_id, number) FROM STDIN (FORMAT binary)
