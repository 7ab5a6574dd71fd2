-- Drop published passes that hold no longer, and those of them that were held back. Params: pass_ids. Returns nothing; rows
-- deleted count. Index: primary keys.
WITH held AS (DELETE FROM mgr.held_pass WHERE pass_id = ANY(%(pass_ids)s))
DELETE FROM pub.passes WHERE pass_id = ANY(%(pass_ids)s)
