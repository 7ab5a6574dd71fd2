-- Which plough routes have published roads in a municipality.
-- Params: none. Returns nothing; rows written count. pub.route_town is empty before. NULL: nothing is.
-- Index: none, the table is read whole.
INSERT INTO pub.route_town (municipality, route_id)
SELECT DISTINCT municipality, route_id FROM pub.roads WHERE municipality IS NOT NULL AND route_id IS NOT NULL
