-- Statistics of the tables that were just rewritten. Params: none. Returns: nothing of interest.
SELECT pub.refresh_statistics()
