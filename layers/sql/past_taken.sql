-- Make room for spans of an event that are told anew: those that lie in the time between are deleted, those that reach
-- into it are cut.
-- Params: event_id, from_at, to_at. Returns nothing. What goes on after it begins anew there, and ends at infinity where
-- it holds still, until past_reopened.sql opens it again: no edge has two open spans meanwhile. Index: primary key.
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
SELECT event_id, edge_id, %(to_at)s, coalesce(to_at, 'infinity'), state, reason, cleared_at, valid_until, observed_at, covered_fraction,
       passed_fraction, treatment, spread_at, sidewalk_at, restriction, is_corrected, work_basis, confidence, source,
       synthetic
FROM held WHERE (to_at IS NULL OR to_at > %(to_at)s) AND %(to_at)s < 'infinity'::timestamptz
