-- Drop published passes that are older than the window, or that were superseded since `known_at`; and of those held back
-- the ones that are older or superseded.
-- Params: since; known_at (-infinity: whenever). Returns nothing; rows deleted count.
-- Indexes: pass_superseded, primary keys.
WITH held AS (
  DELETE FROM mgr.held_pass AS h
  WHERE NOT EXISTS (SELECT FROM ops.pass AS p
                    WHERE p.pass_id = h.pass_id AND p.superseded_at IS NULL AND upper(p.during) >= %(since)s)
)
DELETE FROM pub.passes AS old
WHERE old.ended_at < %(since)s
   OR old.pass_id IN (SELECT pass_id FROM ops.pass WHERE superseded_at >= %(known_at)s::timestamptz)
