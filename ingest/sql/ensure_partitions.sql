-- Make the partitions of raw.fix for days of UTC that have none. params: days. returns: a row a day made.
SELECT raw.ensure_fix_partition(day) FROM unnest(%(days)s::date[]) AS day
WHERE to_regclass('raw.fix_' || to_char(day, 'YYYYMMDD')) IS NULL
