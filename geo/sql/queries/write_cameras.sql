-- Bring cameras of the register up to date: new ones, changed ones, and retired ones that are delivered again.
-- Params: rows jsonb, a list of objects with the columns; geom as hexadecimal EWKB. Returns nothing; rows written count,
-- unchanged ones do not. NULL: not told. Index: primary key.
INSERT INTO net.camera AS c (camera_id, source, external_id, name, name_en, road, licence, attribution, interval_s,
                             is_synthetic, row_key, geom)
SELECT camera_id, source, external_id, name, name_en, road, licence, attribution, interval_s, is_synthetic, row_key,
       geom::geometry
FROM jsonb_to_recordset(%(rows)s) AS r (
  camera_id text, source text, external_id text, name text, name_en text, road text, licence text, attribution text,
  interval_s integer, is_synthetic boolean, row_key text, geom text
)
ON CONFLICT (camera_id) DO UPDATE SET
  source = excluded.source, external_id = excluded.external_id, name = excluded.name, name_en = excluded.name_en,
  road = excluded.road, licence = excluded.licence, attribution = excluded.attribution,
  interval_s = excluded.interval_s, is_synthetic = excluded.is_synthetic, row_key = excluded.row_key,
  geom = excluded.geom, retired_at = NULL
WHERE c.row_key <> excluded.row_key OR c.retired_at IS NOT NULL
