-- Bring places of the register up to date: new ones, changed ones, and retired ones that are delivered again.
-- Params: rows jsonb, a list of objects with the columns; geom as hexadecimal EWKB. Returns nothing; rows written count,
-- unchanged ones do not. NULL: not told. Index: primary key.
INSERT INTO net.place AS p (place_id, source, kind, external_id, name, name_en, address, phone, opening, capacity,
                            licence, attribution, is_synthetic, row_key, geom)
SELECT place_id, source, kind, external_id, name, name_en, address, phone, opening, capacity, licence, attribution,
       is_synthetic, row_key, geom::geometry
FROM jsonb_to_recordset(%(rows)s) AS r (
  place_id text, source text, kind text, external_id text, name text, name_en text, address text, phone text,
  opening text, capacity integer, licence text, attribution text, is_synthetic boolean, row_key text, geom text
)
ON CONFLICT (place_id) DO UPDATE SET
  source = excluded.source, kind = excluded.kind, external_id = excluded.external_id, name = excluded.name,
  name_en = excluded.name_en, address = excluded.address, phone = excluded.phone, opening = excluded.opening,
  capacity = excluded.capacity, licence = excluded.licence, attribution = excluded.attribution,
  is_synthetic = excluded.is_synthetic, row_key = excluded.row_key, geom = excluded.geom, retired_at = NULL
WHERE p.row_key <> excluded.row_key OR p.retired_at IS NOT NULL
