-- Fixes of the stage into raw.fix; of two contents of one key the greater content_key stays.
-- returns: n_written, n_replaced (of the written: took the place of another content), n_lost (lost to another content).
-- index: primary key of fix. A replaced row gets a new batch, so that what rests on it is worked out again. The
-- lock of lock_source_fixes.sql keeps others from writing the same keys meanwhile.
WITH met AS (
  SELECT count(*) FILTER (WHERE s.content_key > f.content_key) AS n_replaced,
         count(*) FILTER (WHERE s.content_key < f.content_key) AS n_lost
  FROM pg_temp.fix_stage AS s JOIN raw.fix AS f USING (vehicle_id, at)
), written AS (
  INSERT INTO raw.fix AS f (vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work,
                            treatment, file_id, content_key, batch_id)
  SELECT vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work, treatment, file_id,
         content_key, batch_id
  FROM pg_temp.fix_stage
  ON CONFLICT (vehicle_id, at) DO UPDATE
  SET lon = excluded.lon, lat = excluded.lat, heading_deg = excluded.heading_deg, speed_mps = excluded.speed_mps,
      accuracy_m = excluded.accuracy_m, blade = excluded.blade, spreader = excluded.spreader, work = excluded.work,
      treatment = excluded.treatment, file_id = excluded.file_id, received_at = excluded.received_at,
      content_key = excluded.content_key, batch_id = excluded.batch_id
  WHERE excluded.content_key > f.content_key
  RETURNING 1
)
SELECT (SELECT count(*) FROM written), n_replaced, n_lost FROM met
