-- Drop published passes that are superseded or older than the window.
-- Params: since. Returns nothing; rows deleted count. Index: primary key of ops.pass.
DELETE FROM pub.passes AS old
WHERE old.ended_at < %(since)s
   OR NOT EXISTS (SELECT FROM ops.pass AS p WHERE p.pass_id = old.pass_id AND p.superseded_at IS NULL)
