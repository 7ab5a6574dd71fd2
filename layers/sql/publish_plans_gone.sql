-- Empty routes and work sections before they are written anew; readers see the old ones until commit.
-- Params: none. Returns nothing. Index: none.
WITH routes AS (DELETE FROM pub.routes) DELETE FROM pub.work_sections
