-- Detach and drop a day of raw.fix if it holds just that. Params: day, n, content. Returns one boolean; false: it holds
-- something else and stays. Fails with lock_not_available where others are in the way for too long.
SELECT raw.drop_fix_partition(%(day)s, %(n)s, %(content)s)
