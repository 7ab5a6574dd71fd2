-- Daily reports of a day, whole: all for a manager, its own for a contractor's key.
-- Params: day (text), sees_all, contractor (NULL: nobody's key). Returns detail (jsonb). Index: daily_reports_day.
SELECT detail FROM mgr.daily_reports
WHERE day = %(day)s AND (%(sees_all)s::boolean OR contractor = %(contractor)s::text)
ORDER BY vehicle_id, report_id
