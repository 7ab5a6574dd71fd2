-- Drop the published cameras that no longer stand as they are, and the pictures of those that do not stand at all.
-- Params: none. Returns nothing; rows of pub.camera deleted count. Index: primary keys.
WITH pictures AS (
  DELETE FROM pub.camera_image AS i
  WHERE NOT EXISTS (SELECT FROM net.camera AS n WHERE n.camera_id = i.camera_id AND n.retired_at IS NULL)
)
DELETE FROM pub.camera AS p
WHERE NOT EXISTS (SELECT FROM net.camera AS n
                  WHERE n.camera_id = p.camera_id AND n.row_key = p.row_key AND n.retired_at IS NULL)
