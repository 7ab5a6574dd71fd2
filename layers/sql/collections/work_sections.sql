-- Work sections with their shares at as_of (a clearing counts only while it is valid) and their level of service.
-- Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326). A section without an edge is unknown as a
-- whole. Indexes: primary keys, roads_section.
SELECT p.section_id, p.name, p.manager, round(p.length_m::numeric, 2)::float8 AS length_m,
       coalesce(e.cleared_m / e.length_m, 0)::real AS cleared_fraction,
       coalesce(e.unknown_m / e.length_m, 1)::real AS unknown_fraction, s.target_at, s.service_state,
       s.achieved_fraction, s.late_fraction, s.at_risk_fraction, s.missed_fraction, s.as_of AS service_as_of,
       %(as_of)s::timestamptz AS as_of, p.synthetic,
       p.geom
FROM pub.work_sections AS p
CROSS JOIN LATERAL (
  SELECT sum(r.length_m) AS length_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'cleared' AND s.valid_until > %(as_of)s::timestamptz), 0)
           AS cleared_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'unknown' OR (s.state = 'cleared'
                                            AND s.valid_until <= %(as_of)s::timestamptz)), 0) AS unknown_m
  FROM pub.roads AS r JOIN pub.edge_status AS s USING (edge_id)
  WHERE r.section_id = p.section_id
) AS e
-- what a publication stop names even in part says nothing of its level of service
LEFT JOIN pub.service_level AS s
  ON s.kind = 'section' AND s.name = p.section_id
 AND NOT EXISTS (SELECT FROM pub.withheld_edge JOIN pub.roads AS w USING (edge_id) WHERE w.section_id = p.section_id)
