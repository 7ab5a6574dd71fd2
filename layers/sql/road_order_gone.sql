-- Forget the order of edges before it is written anew. Params: none. Returns nothing. Index: none.
DELETE FROM pub.road_order
