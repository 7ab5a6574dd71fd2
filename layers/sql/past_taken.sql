-- Make room for spans of an event that are told anew: those that lie in the time between are deleted, those that reach
-- into it are cut.
-- Params: event_id, from_at, to_at. Returns nothing. What begins before and goes on after loses its middle: its end is
-- written again as a span of its own. Index: primary key.
WITH held AS MATERIALIZED (
  SELECT * FROM pub.status_past
  WHERE event_id = %(event_id)s AND from_at < %(to_at)s AND (to_at IS NULL OR to_at > %(from_at)s)
), gone AS (
  DELETE FROM pub.status_past AS p USING held AS h
  WHERE (p.event_id, p.edge_id, p.from_at) = (h.event_id, h.edge_id, h.from_at) AND h.from_at >= %(from_at)s
), cut AS (
  UPDATE pub.status_past AS p SET to_at = %(from_at)s FROM held AS h
  WHERE (p.event_id, p.edge_id, p.from_at) = (h.event_id, h.edge_id, h.from_at) AND h.from_at < %(from_at)s
)
INSERT INTO pub.status_past (event_id, edge_id, from_at, to_at, state, reason, cleared_at, valid_until, observed_at,
                             covered_fraction, passed_fraction, treatment, spread_at, sidewalk_at, restriction,
                             is_corrected, work_basis, confidence, source, synthetic)
SELECT event_id, edge_id, %(to_at)s, to_at, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
       passed_fraction, treatment, spread_at, sidewalk_at, restriction, is_corrected, work_basis, confidence, source,
       synthetic
FROM held WHERE to_at IS NULL OR to_at > %(to_at)s
