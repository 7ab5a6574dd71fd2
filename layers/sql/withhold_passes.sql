-- Take back the passes that the public may not see. Params: none. Returns nothing; rows deleted count.
-- Index: none, the table is read whole: this runs when a stop begins.
DELETE FROM pub.passes WHERE pub.is_withheld(edge_id)
