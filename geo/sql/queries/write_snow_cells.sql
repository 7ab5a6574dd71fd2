-- The snow of many cells at once; rows that say the same stay untouched.
-- Params: network_version, as_of, event_id and reference_at (NULL: the standing watch), and arrays of one length: cells,
-- total_cm, depth_cm, fell_1h_cm, fell_6h_cm, fell_24h_cm (NULL: missing), basis, basis_1h, basis_6h, basis_24h,
-- observed_at (NULL: none), is_synthetic. Returns nothing; rows written count. Index: primary key.
INSERT INTO ops.snow_cell AS old (network_version, as_of, event_id, reference_at, cell, total_cm, basis, depth_cm,
                                  fell_1h_cm, basis_1h, fell_6h_cm, basis_6h, fell_24h_cm, basis_24h, observed_at,
                                  is_synthetic)
SELECT %(network_version)s, %(as_of)s::timestamptz, %(event_id)s::bigint, %(reference_at)s::timestamptz, n.*
FROM unnest(
  %(cells)s::integer[], %(total_cm)s::real[], %(basis)s::text[], %(depth_cm)s::real[], %(fell_1h_cm)s::real[],
  %(basis_1h)s::text[], %(fell_6h_cm)s::real[], %(basis_6h)s::text[], %(fell_24h_cm)s::real[], %(basis_24h)s::text[],
  %(observed_at)s::timestamptz[], %(is_synthetic)s::boolean[]
) AS n
ON CONFLICT (cell) DO UPDATE SET
  network_version = excluded.network_version, as_of = excluded.as_of, event_id = excluded.event_id,
  reference_at = excluded.reference_at, total_cm = excluded.total_cm, basis = excluded.basis,
  depth_cm = excluded.depth_cm, fell_1h_cm = excluded.fell_1h_cm, basis_1h = excluded.basis_1h,
  fell_6h_cm = excluded.fell_6h_cm, basis_6h = excluded.basis_6h, fell_24h_cm = excluded.fell_24h_cm,
  basis_24h = excluded.basis_24h, observed_at = excluded.observed_at, is_synthetic = excluded.is_synthetic
WHERE old IS DISTINCT FROM excluded
