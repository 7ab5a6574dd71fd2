-- Weeks of the local clock, Monday first, with the sums of their hours in which an event was open.
-- Params: zone, since. Returns a row a week that has any hour: week (date of its Monday), n_hours (looked at), then of
-- those with an event n_event_hours, told_edge_hours, and metres summed over the hours; synthetic. Index: primary key.
SELECT date_trunc('week', h.at AT TIME ZONE %(zone)s)::date AS week, count(*) AS n_hours,
       count(*) FILTER (WHERE h.has_event) AS n_event_hours,
       coalesce(sum(h.n_told) FILTER (WHERE h.has_event), 0)::bigint AS told_edge_hours,
       coalesce(sum(h.planned_m) FILTER (WHERE h.has_event), 0) AS planned_m,
       coalesce(sum(h.cleared_m) FILTER (WHERE h.has_event), 0) AS cleared_m,
       coalesce(sum(h.clearing_m) FILTER (WHERE h.has_event), 0) AS clearing_m,
       coalesce(sum(h.uncleared_m) FILTER (WHERE h.has_event), 0) AS uncleared_m,
       coalesce(sum(h.unknown_m) FILTER (WHERE h.has_event), 0) AS unknown_m,
       coalesce(sum(h.under_1h_m) FILTER (WHERE h.has_event), 0) AS under_1h_m,
       coalesce(sum(h.under_3h_m) FILTER (WHERE h.has_event), 0) AS under_3h_m,
       coalesce(sum(h.under_6h_m) FILTER (WHERE h.has_event), 0) AS under_6h_m,
       coalesce(sum(h.under_12h_m) FILTER (WHERE h.has_event), 0) AS under_12h_m,
       coalesce(sum(h.older_m) FILTER (WHERE h.has_event), 0) AS older_m,
       coalesce(sum(h.none_m) FILTER (WHERE h.has_event), 0) AS none_m,
       bool_or(h.synthetic) AS synthetic
FROM app.accuracy_hour AS h WHERE h.at >= %(since)s GROUP BY 1 ORDER BY 1
