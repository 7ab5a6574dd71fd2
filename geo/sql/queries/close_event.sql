-- Close an open storm or callout; the standing watch never closes. That it closed is known from now on, not before.
-- Params: event_id, closed_at. Returns event_id; no row: there is no such open event, or it began later.
-- Index: primary key.
UPDATE ops.event SET closed_at = %(closed_at)s, closed_recorded_at = now()
WHERE event_id = %(event_id)s AND closed_at IS NULL AND superseded_at IS NULL AND kind <> 'standing'
  AND reference_at < %(closed_at)s
RETURNING event_id
