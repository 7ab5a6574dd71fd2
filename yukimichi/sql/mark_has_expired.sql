-- Fixes of an archived day were deleted. Params: day, n_fixes: left of it. Returns nothing. Index: primary key.
INSERT INTO raw.archive_day (day, n_fixes, has_expired) VALUES (%(day)s, %(n_fixes)s, true)
ON CONFLICT (day) DO UPDATE SET n_fixes = excluded.n_fixes, has_expired = true
