-- Take back events that were corrected by another row (their ids stand no more), and what is older than it is kept.
-- Params: before (spans that ended before it go). Returns one row: how many spans of events and of states are gone.
-- Indexes: primary keys; spans of states are found by their event.
WITH old AS MATERIALIZED (
  SELECT p.event_id, p.from_at FROM pub.past_span AS p
  WHERE p.to_at <= %(before)s
     OR (p.to_at IS NOT NULL AND EXISTS (SELECT FROM ops.event AS e
                                         WHERE e.event_id = p.event_id AND e.superseded_at IS NOT NULL))
), kept AS (
  SELECT p.event_id, min(p.from_at) AS from_at FROM pub.past_span AS p
  WHERE NOT EXISTS (SELECT FROM old AS o WHERE (o.event_id, o.from_at) = (p.event_id, p.from_at))
  GROUP BY p.event_id
), states AS (
  DELETE FROM pub.status_past AS s USING (SELECT DISTINCT event_id FROM old) AS o LEFT JOIN kept AS k USING (event_id)
  WHERE s.event_id = o.event_id AND s.to_at IS NOT NULL AND (k.event_id IS NULL OR s.to_at <= k.from_at)
  RETURNING 1
), spans AS (
  DELETE FROM pub.past_span AS p USING old AS o WHERE (p.event_id, p.from_at) = (o.event_id, o.from_at)
  RETURNING 1
)
SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM states)
