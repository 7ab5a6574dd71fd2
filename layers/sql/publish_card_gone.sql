-- Empty what the card of a road knows of the roads, before it is written anew; readers see the old rows until commit.
-- Params: none. Returns nothing. Index: none.
WITH nodes AS (DELETE FROM pub.road_node), towns AS (DELETE FROM pub.route_town) DELETE FROM pub.former_piece
