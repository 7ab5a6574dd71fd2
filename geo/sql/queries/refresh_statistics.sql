-- Statistics of the tables that were just written. Params: none. Returns: nothing of interest.
SELECT ops.refresh_statistics()
