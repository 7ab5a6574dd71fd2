-- The moment before which raw.fix is not complete for every vehicle: the end of the newest UTC day that was moved to the
-- archive and is not restored for now, or of which fixes were deleted. Params: none. Returns one row; NULL: there is no
-- such day. Index: none; the table is small.
SELECT (max(day) + 1)::timestamp AT TIME ZONE 'UTC' AS archived_before
FROM raw.archive_day WHERE restored_at IS NULL OR has_expired
