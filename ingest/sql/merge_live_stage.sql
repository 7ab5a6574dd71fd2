-- Fixes of the stage into raw.fix; of two contents of one key the greater content_key stays.
-- params: first_at, last_at (the span of the stage, which tells the partitions). returns: number and content_key of the row
-- that was there before, for each fix of the stage that met one. index: primary key of fix. A replaced row gets the new
-- batch. The lock of lock_sources.sql keeps others from writing the same keys meanwhile.
WITH met AS (
  SELECT s.number, f.content_key
  FROM pg_temp.live_fix AS s JOIN raw.fix AS f ON f.vehicle_id = s.vehicle_id AND f.at = s.at
  WHERE f.at BETWEEN %(first_at)s AND %(last_at)s
), written AS (
  INSERT INTO raw.fix AS f (vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work,
                            treatment, file_id, content_key, batch_id)
  SELECT vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work, treatment, file_id,
         content_key, batch_id
  FROM pg_temp.live_fix
  ON CONFLICT (vehicle_id, at) DO UPDATE
  SET lon = excluded.lon, lat = excluded.lat, heading_deg = excluded.heading_deg, speed_mps = excluded.speed_mps,
      accuracy_m = excluded.accuracy_m, blade = excluded.blade, spreader = excluded.spreader, work = excluded.work,
      treatment = excluded.treatment, file_id = excluded.file_id, received_at = excluded.received_at,
      content_key = excluded.content_key, batch_id = excluded.batch_id
  WHERE excluded.content_key > f.content_key
  RETURNING 1
)
SELECT number, content_key FROM met
