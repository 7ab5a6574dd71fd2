-- Take away daily reports that are not kept any more. Params: none. Returns nothing; rows count. Index: primary keys.
DELETE FROM mgr.daily_reports AS m
WHERE NOT EXISTS (SELECT FROM ops.daily_report AS r WHERE r.report_id = m.report_id)
