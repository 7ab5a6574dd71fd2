-- Work sections with the share of their directed edges that is cleared, and unknown, at as_of. No contractor.
-- Params: as_of. Returns nothing; rows written count. A section without an edge is unknown as a whole; one without any
-- geometry is left out. Index: roads_section.
INSERT INTO pub.work_sections (section_id, name, manager, length_m, cleared_fraction, unknown_fraction, synthetic,
                               geom)
SELECT p.section_id, p.name, p.manager, p.laid_m, coalesce(e.cleared_m / e.length_m, 0),
       coalesce(e.unknown_m / e.length_m, 1), p.is_synthetic, coalesce(p.geom, e.geom)
FROM net.work_section AS p
LEFT JOIN (
  SELECT r.section_id, sum(r.length_m) AS length_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'cleared' AND s.valid_until > %(as_of)s), 0) AS cleared_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'unknown'
                                             OR (s.state = 'cleared' AND s.valid_until <= %(as_of)s)), 0) AS unknown_m,
         ST_Multi(ST_Collect(r.geom) FILTER (WHERE NOT r.is_reversed OR r.is_oneway)) AS geom
  FROM pub.roads AS r JOIN pub.edge_status AS s USING (edge_id)
  WHERE r.section_id IS NOT NULL GROUP BY r.section_id
) AS e ON e.section_id = p.section_id
WHERE coalesce(p.geom, e.geom) IS NOT NULL
