-- Callouts that were imported, as they stand. Params: none. Returns callout_key, event_id, callout_digest.
-- Index: event_callout.
SELECT callout_key, event_id, callout_digest FROM ops.event WHERE callout_key IS NOT NULL AND superseded_at IS NULL
