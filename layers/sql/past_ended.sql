-- End the spans that a publication ends: of edges that it wrote and whose state is another one now.
-- Params: event_id, as_of, since, default_reason, as in past_gone.sql, which comes before. Returns nothing; rows
-- written count. Indexes: edge_status_version, primary keys.
UPDATE pub.status_past AS p SET to_at = %(as_of)s
FROM pub.edge_status AS s
WHERE s.status_version >= %(since)s AND p.event_id = %(event_id)s AND p.edge_id = s.edge_id AND p.from_at < %(as_of)s
  AND (p.to_at > %(as_of)s
       OR (p.to_at IS NULL
           AND ((s.state = 'unknown' AND s.reason = %(default_reason)s AND s.observed_at IS NULL
                 AND s.restriction IS NULL)
                OR (p.state, p.reason, p.cleared_at, p.valid_until, p.observed_at, p.covered_fraction,
                    p.passed_fraction, p.treatment, p.spread_at, p.sidewalk_at, p.restriction, p.is_corrected,
                    p.work_basis, p.confidence, p.source, p.synthetic)
                IS DISTINCT FROM
                   (s.state, s.reason, s.cleared_at, s.valid_until, s.observed_at, s.covered_fraction,
                    s.passed_fraction, s.treatment, s.spread_at, s.sidewalk_at, s.restriction, s.is_corrected,
                    s.work_basis, s.confidence, s.source, s.synthetic))))
