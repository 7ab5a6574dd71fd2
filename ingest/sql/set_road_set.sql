-- Make a file the one that stands for its source; nothing is written where it does so already.
-- params: source_id, file_id, join_policy, snap_m. returns: a row if something changed. index: road_set_pkey.
INSERT INTO raw.road_set AS s (source_id, file_id, join_policy, snap_m)
VALUES (%(source_id)s, %(file_id)s, %(join_policy)s, %(snap_m)s)
ON CONFLICT (source_id) DO UPDATE
SET file_id = excluded.file_id, join_policy = excluded.join_policy, snap_m = excluded.snap_m, recorded_at = now()
WHERE (s.file_id, s.join_policy, s.snap_m) IS DISTINCT FROM (excluded.file_id, excluded.join_policy, excluded.snap_m)
RETURNING file_id
