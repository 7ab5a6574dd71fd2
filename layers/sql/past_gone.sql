-- Take back spans that a publication contradicts: those that begin at or after the moment that it describes, of edges
-- that it wrote, unless they say the same and go on.
-- Params: event_id, as_of, since (rows of pub.edge_status of that status version or later are looked at; 0: all),
-- default_reason. Returns nothing; rows deleted count. An edge that is unknown by the default reason, without any
-- evidence and restriction, has no span. Indexes: edge_status_version, primary keys.
DELETE FROM pub.status_past AS p USING pub.edge_status AS s
WHERE s.status_version >= %(since)s AND p.event_id = %(event_id)s AND p.edge_id = s.edge_id AND p.from_at >= %(as_of)s
  AND (p.to_at IS NOT NULL
       OR (s.state = 'unknown' AND s.reason = %(default_reason)s AND s.observed_at IS NULL AND s.restriction IS NULL)
       OR (p.state, p.reason, p.cleared_at, p.valid_until, p.observed_at, p.covered_fraction, p.passed_fraction,
           p.treatment, p.spread_at, p.sidewalk_at, p.restriction, p.is_corrected, p.work_basis, p.confidence,
           p.source, p.synthetic)
       IS DISTINCT FROM
          (s.state, s.reason, s.cleared_at, s.valid_until, s.observed_at, s.covered_fraction, s.passed_fraction,
           s.treatment, s.spread_at, s.sidewalk_at, s.restriction, s.is_corrected, s.work_basis, s.confidence,
           s.source, s.synthetic))
