-- Statistics for the query planner, which a backup does not carry.
ANALYZE
