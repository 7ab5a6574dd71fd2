-- Make room for a span of an event whose states were worked out from the facts: what was published of it in that time is
-- told no more, and other spans of it are cut.
-- Params: event_id, from_at, to_at. Returns nothing. A span that goes on after it begins anew there, as it was
-- published. Index: primary key; the table has a few rows an event.
WITH held AS MATERIALIZED (
  SELECT * FROM pub.past_span
  WHERE event_id = %(event_id)s AND from_at < %(to_at)s AND (to_at IS NULL OR to_at > %(from_at)s)
), gone AS (
  DELETE FROM pub.past_span AS p USING held AS h
  WHERE (p.event_id, p.from_at) = (h.event_id, h.from_at) AND h.from_at >= %(from_at)s
), cut AS (
  UPDATE pub.past_span AS p SET to_at = %(from_at)s FROM held AS h
  WHERE (p.event_id, p.from_at) = (h.event_id, h.from_at) AND h.from_at < %(from_at)s
)
INSERT INTO pub.past_span (event_id, from_at, to_at, event_kind, event_name, reference_at, network_version, known_at,
                           step_s, is_closed, past_version, synthetic)
SELECT event_id, %(to_at)s, to_at, event_kind, event_name, reference_at, network_version, known_at, step_s, is_closed,
       past_version + 1, synthetic
FROM held WHERE (to_at IS NULL OR to_at > %(to_at)s) AND %(to_at)s < 'infinity'::timestamptz
