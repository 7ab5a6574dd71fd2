-- Drop the published contacts that no longer stand as they are.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM pub.manager_contact AS p
WHERE NOT EXISTS (SELECT FROM net.manager_contact AS n
                  WHERE n.manager = p.manager AND n.area = p.area AND n.recorded_at = p.recorded_at)
