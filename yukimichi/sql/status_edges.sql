-- Published edges by state. Params: none. Returns state, n. Index: none, counted whole.
SELECT state, count(*) AS n FROM pub.edge_status GROUP BY state
