-- How many features the planner takes to match. Params: those of the source and of `where`.
-- Returns (plan) of JSON, its first Plan has the member Plan Rows. Nothing is executed.
EXPLAIN (FORMAT JSON) SELECT FROM ({source}) AS s WHERE {where}
