-- Fixes of the archive back into raw.fix; of two contents of one key the greater content_key stays.
-- Params: none. Returns nothing; rows count. Index: primary key of the partition.
INSERT INTO raw.fix AS f (vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work,
                          treatment, received_at, file_id, content_key, batch_id)
SELECT vehicle_id, at, lon, lat, heading_deg, speed_mps, accuracy_m, blade, spreader, work, treatment, received_at,
       file_id, content_key, batch_id
FROM pg_temp.restore_stage
ON CONFLICT (vehicle_id, at) DO UPDATE
SET lon = excluded.lon, lat = excluded.lat, heading_deg = excluded.heading_deg, speed_mps = excluded.speed_mps,
    accuracy_m = excluded.accuracy_m, blade = excluded.blade, spreader = excluded.spreader, work = excluded.work,
    treatment = excluded.treatment, received_at = excluded.received_at, file_id = excluded.file_id,
    content_key = excluded.content_key, batch_id = excluded.batch_id
WHERE excluded.content_key > f.content_key
