-- What volumes of facts may rest on; its own statement, before the facts are read.
-- Params: none. Returns database_key, settled_before (NULL: nothing is known to be settled), the greatest pass_id
-- (0: no pass). Index: primary key.
SELECT s.database_key, nullif(s.settled_before, '-infinity'), coalesce((SELECT max(p.pass_id) FROM ops.pass AS p), 0)
FROM ops.settled() AS s
