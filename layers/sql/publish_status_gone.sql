-- Drop the status of edges that are no longer published.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM pub.edge_status AS s WHERE NOT EXISTS (SELECT FROM pub.roads AS r WHERE r.edge_id = s.edge_id)
