-- Whether the published roads have their order: those that were published before there was one have none.
-- Params: none. Returns one row (is_there). Indexes: primary keys.
SELECT NOT EXISTS (SELECT FROM pub.roads AS r LEFT JOIN pub.road_order AS o USING (edge_id) WHERE o.edge_id IS NULL)
       AS is_there
