-- Publish the places that stand and are not published yet.
-- Params: ja, en (jsonb): words of kinds. Returns nothing; rows written count. NULL: as in net.place. Index: primary keys.
INSERT INTO pub.facility (place_id, kind, kind_ja, kind_en, name, name_en, address, phone, opening, capacity, source,
                          licence, attribution, synthetic, row_key, geom)
SELECT place_id, kind, %(ja)s::jsonb ->> kind, %(en)s::jsonb ->> kind, name, name_en, address, phone, opening, capacity,
       source, licence, attribution, is_synthetic, row_key, geom
FROM net.place AS n
WHERE retired_at IS NULL AND NOT EXISTS (SELECT FROM pub.facility AS p WHERE p.place_id = n.place_id)
