-- Where each edge lies and how long it is, in the order of the index.
-- Params: names (text[]: municipalities in their order).
-- Returns one row with one value, the edges one after another in binary, big-endian, 8 bytes each: position of the
-- municipality in names (int2; -1: in none of them), metres of road (float4; an edge of a road that is open both ways counts
-- half of it, so that both directions together are the road), whether a route or a section holds it (int2, 0 or 1). NULL:
-- no edge. Indexes: none, both tables are read whole, once for each version.
SELECT string_agg(
         int2send((coalesce(array_position(%(names)s::text[], r.municipality), 0) - 1)::int2)
         || float4send((r.length_m * CASE WHEN r.is_oneway THEN 1 ELSE 0.5 END)::real)
         || int2send((r.route_id IS NOT NULL OR r.section_id IS NOT NULL)::int::int2), ''
         ORDER BY o.position)
FROM pub.road_order AS o JOIN pub.roads AS r USING (edge_id)
