-- raw.fix has all of these UTC days again. Params: days. Returns nothing; rows count. Index: primary key.
UPDATE raw.archive_day SET restored_at = now() WHERE day = ANY(%(days)s::date[])
