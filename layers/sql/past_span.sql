-- Say which event is published from a moment on: end the spans of others, and begin or go on with its own.
-- Params: event_id, event_kind, event_name, reference_at, network_version, synthetic, as_of. Returns nothing.
-- Spans that begin at or after as_of are deleted where they end, since none may be empty. Indexes: primary key; the
-- table has a few rows an event.
WITH gone AS (
  DELETE FROM pub.past_span WHERE to_at IS NULL AND event_id <> %(event_id)s AND from_at >= %(as_of)s
), ended AS (
  UPDATE pub.past_span SET to_at = %(as_of)s
  WHERE to_at IS NULL AND event_id <> %(event_id)s AND from_at < %(as_of)s
), went_on AS (
  UPDATE pub.past_span SET network_version = %(network_version)s, event_name = %(event_name)s
  WHERE to_at IS NULL AND event_id = %(event_id)s
  RETURNING event_id
)
INSERT INTO pub.past_span (event_id, from_at, event_kind, event_name, reference_at, network_version, synthetic)
SELECT %(event_id)s, %(as_of)s, %(event_kind)s, %(event_name)s, %(reference_at)s, %(network_version)s, %(synthetic)s
WHERE NOT EXISTS (SELECT FROM went_on)
ON CONFLICT (event_id, from_at) DO UPDATE SET
  to_at = NULL, network_version = excluded.network_version, event_name = excluded.event_name
