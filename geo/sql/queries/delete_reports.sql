-- Reports that no longer hold, and those of days that are not kept any more.
-- Params: report_ids, before (day). Returns nothing; rows count. Index: primary key.
DELETE FROM ops.daily_report WHERE report_id = ANY(%(report_ids)s) OR day < %(before)s
