-- Publish the contacts of managers that are not published yet.
-- Params: none. Returns nothing; rows written count. phone, link NULL: none is given. Index: primary keys.
INSERT INTO pub.manager_contact (manager, area, name, name_en, phone, link, synthetic, recorded_at)
SELECT manager, area, name, name_en, phone, link, synthetic, recorded_at FROM net.manager_contact AS n
WHERE NOT EXISTS (SELECT FROM pub.manager_contact AS p WHERE p.manager = n.manager AND p.area = n.area)
