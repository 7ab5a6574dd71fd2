-- Drop the ploughs that may not be seen any more. Params: plough_ids: those that may. Returns nothing.
-- Index: none, the table is small.
DELETE FROM pub.ploughs WHERE plough_id <> ALL (%(plough_ids)s)
