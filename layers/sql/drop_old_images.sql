-- Delete pictures that could not be renewed for too long: an old one would be taken for now.
-- Params: before (timestamptz). Returns nothing; pictures deleted count. Index: none, a small table.
UPDATE pub.camera_image SET image = NULL, width = NULL, height = NULL, etag = NULL, source_etag = NULL,
                            source_modified = NULL
WHERE image IS NOT NULL AND least(fetched_at, image_at) < %(before)s
