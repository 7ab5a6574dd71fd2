-- The snow of cells with roads for everybody; rows that say the same stay untouched.
-- Params: none. Returns nothing; rows written count. NULL as in ops.snow_cell; mesh_code NULL: outside of Japan's mesh.
-- Index: primary key; cells that were never worked out are left out.
INSERT INTO pub.snow_cell AS old (cell, mesh_code, as_of, event_id, reference_at, total_cm, basis, depth_cm, fell_1h_cm,
                                  basis_1h, fell_6h_cm, basis_6h, fell_24h_cm, basis_24h, observed_at, synthetic, geom)
SELECT cell, ops.mesh_code(cell), as_of, event_id, reference_at, total_cm, basis, depth_cm, fell_1h_cm, basis_1h,
       fell_6h_cm, basis_6h, fell_24h_cm, basis_24h, observed_at, is_synthetic, ops.cell_box(cell)
FROM ops.snow_cell
WHERE as_of IS NOT NULL
ON CONFLICT (cell) DO UPDATE SET
  as_of = excluded.as_of, event_id = excluded.event_id, reference_at = excluded.reference_at,
  total_cm = excluded.total_cm, basis = excluded.basis, depth_cm = excluded.depth_cm,
  fell_1h_cm = excluded.fell_1h_cm, basis_1h = excluded.basis_1h, fell_6h_cm = excluded.fell_6h_cm,
  basis_6h = excluded.basis_6h, fell_24h_cm = excluded.fell_24h_cm, basis_24h = excluded.basis_24h,
  observed_at = excluded.observed_at, synthetic = excluded.synthetic
WHERE (old.as_of, old.event_id, old.reference_at, old.total_cm, old.basis, old.depth_cm, old.fell_1h_cm, old.basis_1h,
       old.fell_6h_cm, old.basis_6h, old.fell_24h_cm, old.basis_24h, old.observed_at, old.synthetic)
  IS DISTINCT FROM
  (excluded.as_of, excluded.event_id, excluded.reference_at, excluded.total_cm, excluded.basis, excluded.depth_cm,
   excluded.fell_1h_cm, excluded.basis_1h, excluded.fell_6h_cm, excluded.basis_6h, excluded.fell_24h_cm,
   excluded.basis_24h, excluded.observed_at, excluded.synthetic)
