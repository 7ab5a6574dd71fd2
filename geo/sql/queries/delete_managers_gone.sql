-- Drop the contacts of managers that no longer stand as they are in raw.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM net.manager_contact AS n
WHERE NOT EXISTS (SELECT FROM raw.manager_contact AS r
                  WHERE r.manager = n.manager AND r.area = n.area AND r.recorded_at = n.recorded_at)
