-- Drop the published places that no longer stand as they are.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM pub.facility AS p
WHERE NOT EXISTS (SELECT FROM net.place AS n
                  WHERE n.place_id = p.place_id AND n.row_key = p.row_key AND n.retired_at IS NULL)
