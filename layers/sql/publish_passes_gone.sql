-- Drop published passes that are older than the window, or that were superseded since `known_at`.
-- Params: since; known_at (-infinity: whenever). Returns nothing; rows deleted count.
-- Indexes: pass_superseded, primary keys.
DELETE FROM pub.passes AS old
WHERE old.ended_at < %(since)s
   OR old.pass_id IN (SELECT pass_id FROM ops.pass WHERE superseded_at >= %(known_at)s::timestamptz)
