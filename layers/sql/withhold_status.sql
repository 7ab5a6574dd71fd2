-- Say of withheld edges that nothing is told: the rows that publish_status.sql would write of them, without looking at
-- any fact, since all of a prefecture has to be hidden within a second.
-- Params: status_version. Returns nothing; rows written count. Index: primary keys; the tables are read whole.
INSERT INTO pub.edge_status (edge_id, state, reason, covered_fraction, passed_fraction, passes_needed, is_corrected,
                             work_basis, confidence, status_version, synthetic)
SELECT r.edge_id, 'unknown', 'withheld', 0, 0, 1, false, 'unknown', 0, %(status_version)s, r.synthetic
FROM pub.withheld_edge JOIN pub.roads AS r USING (edge_id)
WHERE NOT EXISTS (SELECT FROM pub.edge_status AS s WHERE s.edge_id = r.edge_id)
