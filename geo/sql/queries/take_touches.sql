-- Take what waits for states to be worked out. Params: none. Returns edge_ids, pass_ids, ended_pass_ids, a row a touch.
-- Index: none, the table is short.
DELETE FROM ops.touch RETURNING edge_ids, pass_ids, ended_pass_ids
