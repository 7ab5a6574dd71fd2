-- Publish the cameras that stand and are not published yet.
-- Params: none. Returns nothing; rows written count. NULL: as in net.camera. Index: primary keys.
INSERT INTO pub.camera (camera_id, name, name_en, road, interval_s, source, licence, attribution, synthetic, row_key, geom)
SELECT camera_id, name, name_en, road, interval_s, source, licence, attribution, is_synthetic, row_key, geom
FROM net.camera AS n
WHERE retired_at IS NULL AND NOT EXISTS (SELECT FROM pub.camera AS p WHERE p.camera_id = n.camera_id)
