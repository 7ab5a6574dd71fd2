-- Drop published passes that hold no longer. Params: pass_ids. Returns nothing; rows deleted count. Index: primary key.
DELETE FROM pub.passes WHERE pass_id = ANY(%(pass_ids)s)
