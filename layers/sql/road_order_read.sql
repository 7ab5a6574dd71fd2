-- What the order of edges rests on, as binary COPY.
-- Params: none. Returns (edge_id, plan, name, x0, y0, x1, y1) by edge_id, nothing NULL: plan and name are numbers of the
-- route and section that hold the edge and of its name, -1 where there is none; the ends of its shape along digitising,
-- degrees. Index: none, the table is read whole, once for each version of roads and plans.
COPY (
  SELECT edge_id,
         CASE WHEN route_id IS NULL AND section_id IS NULL THEN -1
              ELSE dense_rank() OVER (ORDER BY route_id, section_id)::int8 END AS plan,
         CASE WHEN name IS NULL THEN -1 ELSE dense_rank() OVER (ORDER BY name)::int8 END AS name,
         ST_X(ST_StartPoint(geom)) AS x0, ST_Y(ST_StartPoint(geom)) AS y0,
         ST_X(ST_EndPoint(geom)) AS x1, ST_Y(ST_EndPoint(geom)) AS y1
  FROM pub.roads ORDER BY edge_id
) TO STDOUT (FORMAT binary)
