-- Write a contact of a manager; one that says the same stays untouched.
-- Params: manager, area (empty: everywhere else), name, name_en, phone, link (NULL: none is given), synthetic.
-- Returns nothing; rows written count. Index: primary key.
INSERT INTO raw.manager_contact AS old (manager, area, name, name_en, phone, link, synthetic)
VALUES (%(manager)s, %(area)s, %(name)s, %(name_en)s, %(phone)s, %(link)s, %(synthetic)s)
ON CONFLICT (manager, area) DO UPDATE SET
  name = excluded.name, name_en = excluded.name_en, phone = excluded.phone, link = excluded.link,
  synthetic = excluded.synthetic, recorded_at = excluded.recorded_at
WHERE (old.name, old.name_en, old.phone, old.link, old.synthetic)
  IS DISTINCT FROM (excluded.name, excluded.name_en, excluded.phone, excluded.link, excluded.synthetic)
