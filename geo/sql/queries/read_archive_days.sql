-- Those of some days that raw.fix does not have as a whole: archived, and not restored. Params: days (dates).
-- Returns day, ascending. Index: primary key.
SELECT day FROM raw.archive_day WHERE day = ANY(%(days)s::date[]) AND restored_at IS NULL ORDER BY day
