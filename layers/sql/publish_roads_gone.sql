-- Empty roads and their tiles before they are written anew; readers see the old rows until commit.
-- Params: none. Returns nothing. Index: none.
WITH tiles AS (DELETE FROM pub.road_tile) DELETE FROM pub.roads
