-- Snow on cells with roads. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Index: snow_cell_geom.
SELECT cell, mesh_code, total_cm, basis, fell_1h_cm, basis_1h, fell_6h_cm, basis_6h, fell_24h_cm, basis_24h, depth_cm,
       event_id, reference_at, observed_at,
       greatest(floor(extract(epoch FROM %(as_of)s::timestamptz - observed_at)), 0)::bigint AS age_s,
       as_of, synthetic, geom
FROM pub.snow_cell
