-- One event as it stands: the last row that corrects it, by the id of any of its rows.
-- Params: event_id. Returns event_id, kind, name, reference_at, closed_at, area_kind, area, depth_cm, is_synthetic,
-- amends_event_id, callout_key, callout_digest; no row: no such event. closed_at NULL: open. Index: primary key,
-- event_amends.
WITH RECURSIVE chain AS (
  SELECT e.event_id FROM ops.event AS e WHERE e.event_id = %(event_id)s
  UNION
  SELECT e.event_id FROM ops.event AS e JOIN chain AS c ON e.amends_event_id = c.event_id
)
SELECT e.event_id, e.kind, e.name, e.reference_at, e.closed_at, e.area_kind, e.area, e.depth_cm, e.is_synthetic,
       e.amends_event_id, e.callout_key, e.callout_digest
FROM ops.event AS e JOIN chain USING (event_id) WHERE e.superseded_at IS NULL
