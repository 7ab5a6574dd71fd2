-- Drop the published lines of the priority network that no longer stand as they are.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM pub.priority_road AS p
WHERE NOT EXISTS (SELECT FROM net.priority_road AS n WHERE n.priority_id = p.priority_id AND n.row_key = p.row_key)
