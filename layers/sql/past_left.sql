-- End what is open of other events, and of edges that are not published any more.
-- Params: event_id (published now), as_of. Returns nothing; rows written or deleted do not count. Spans that begin at or
-- after as_of are deleted, since none may be empty. Indexes: status_past_open, primary keys.
WITH left_open AS MATERIALIZED (
  SELECT p.event_id, p.edge_id, p.from_at FROM pub.status_past AS p
  WHERE p.to_at IS NULL
    AND (p.event_id <> %(event_id)s OR NOT EXISTS (SELECT FROM pub.edge_status AS s WHERE s.edge_id = p.edge_id))
), deleted AS (
  DELETE FROM pub.status_past AS p USING left_open AS l
  WHERE (p.event_id, p.edge_id, p.from_at) = (l.event_id, l.edge_id, l.from_at) AND p.from_at >= %(as_of)s
)
UPDATE pub.status_past AS p SET to_at = %(as_of)s FROM left_open AS l
WHERE (p.event_id, p.edge_id, p.from_at) = (l.event_id, l.edge_id, l.from_at) AND p.from_at < %(as_of)s
