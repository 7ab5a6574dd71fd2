-- States of some edges at a moment of an event of the past, as road_card_now.sql tells them of now. An edge of which nothing
-- is told is unknown by the event's default reason; what is withheld now is withheld in the past too. Snow since a
-- clearing is not kept of the past: it is missing.
-- Params: edge_ids, event_id, at, default_reason. Returns a row an edge. NULL: no such moment, or not known.
-- Indexes: primary keys of pub.roads, pub.status_past, pub.edge_status and pub.withheld_edge.
SELECT r.edge_id, coalesce(p.state, 'unknown') AS state,
       CASE WHEN h.edge_id IS NOT NULL THEN 'withheld' ELSE coalesce(p.reason, %(default_reason)s) END AS reason,
       p.cleared_at, p.valid_until, p.observed_at, coalesce(p.covered_fraction, 0)::real AS covered_fraction,
       coalesce(p.passed_fraction, 0)::real AS passed_fraction, coalesce(s.passes_needed, 1)::int2 AS passes_needed,
       p.treatment, p.spread_at, p.sidewalk_at, p.restriction, coalesce(p.is_corrected, false) AS is_corrected,
       coalesce(p.work_basis, 'unknown') AS work_basis, coalesce(p.confidence, 0)::real AS confidence, p.source,
       coalesce(p.synthetic, r.synthetic) AS synthetic, NULL::float8 AS snow_since_cm,
       CASE WHEN p.cleared_at IS NOT NULL THEN 'missing' END AS snow_basis,
       CASE WHEN h.edge_id IS NULL THEN t.cleared_at END AS first_cleared_at
FROM pub.roads AS r
LEFT JOIN pub.withheld_edge AS h USING (edge_id)
LEFT JOIN pub.edge_status AS s USING (edge_id)
LEFT JOIN pub.status_past AS p
  ON p.event_id = %(event_id)s AND p.edge_id = r.edge_id AND p.from_at <= %(at)s::timestamptz
     AND (p.to_at IS NULL OR p.to_at > %(at)s::timestamptz) AND h.edge_id IS NULL
CROSS JOIN LATERAL (
  SELECT min(c.cleared_at) AS cleared_at FROM pub.status_past AS c
  WHERE c.event_id = %(event_id)s AND c.edge_id = r.edge_id AND c.from_at <= %(at)s::timestamptz
) AS t
WHERE r.edge_id = ANY (%(edge_ids)s::bigint[])
