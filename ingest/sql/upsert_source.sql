-- Register a source, or note its settings of today.
-- params: name, kind, settings (jsonb), work_basis (NULL: not known), is_synthetic. returns: source_id.
-- index: source_name_key. An unchanged source is not written again.
WITH written AS (
  INSERT INTO raw.source AS s (name, kind, settings, work_basis, is_synthetic)
  VALUES (%(name)s, %(kind)s, %(settings)s, %(work_basis)s, %(is_synthetic)s)
  ON CONFLICT (name) DO UPDATE
  SET settings = excluded.settings, work_basis = excluded.work_basis, is_synthetic = excluded.is_synthetic
  WHERE (s.settings, s.is_synthetic) IS DISTINCT FROM (excluded.settings, excluded.is_synthetic)
     OR s.work_basis IS DISTINCT FROM excluded.work_basis
  RETURNING source_id
)
SELECT source_id FROM written
UNION ALL
SELECT source_id FROM raw.source WHERE name = %(name)s
LIMIT 1
