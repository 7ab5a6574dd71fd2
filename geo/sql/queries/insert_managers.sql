-- Take over the contacts of managers of raw that net does not have.
-- Params: none. Returns nothing; rows written count. NULL: as in raw.manager_contact. Index: primary keys.
INSERT INTO net.manager_contact (manager, area, name, name_en, phone, link, synthetic, recorded_at)
SELECT manager, area, name, name_en, phone, link, synthetic, recorded_at FROM raw.manager_contact AS r
WHERE NOT EXISTS (SELECT FROM net.manager_contact AS n WHERE n.manager = r.manager AND n.area = r.area)
