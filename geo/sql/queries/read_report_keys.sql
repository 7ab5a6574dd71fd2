-- The daily reports of a day that are kept. Params: day, vehicle_ids (NULL: all). Returns report_id, content_key.
-- Index: daily_report_vehicle.
SELECT report_id, content_key FROM ops.daily_report
WHERE day = %(day)s AND (%(vehicle_ids)s::integer[] IS NULL OR vehicle_id = ANY(%(vehicle_ids)s::integer[]))
