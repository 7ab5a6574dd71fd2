-- Retire the cameras that are delivered no more; they keep their rows and ids.
-- Params: camera_ids text[]: those that stand. Returns nothing; rows retired count. Index: none, reads every camera.
UPDATE net.camera SET retired_at = now() WHERE retired_at IS NULL AND camera_id <> ALL (%(camera_ids)s)
