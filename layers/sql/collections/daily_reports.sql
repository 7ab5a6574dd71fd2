-- Daily reports, for managers all, for a contractor's key its own alone: the filter stands here, so that no way of asking
-- (items, one item, counts) can pass it by.
-- Params: sees_all (a manager asks), contractor (whose key asks; NULL: nobody's). Returns the columns of the catalogue and
-- geom (EPSG:4326; NULL: no road was worked on). NULL as the catalogue says. Indexes: primary key, daily_reports_contractor.
SELECT report_id, day, source, vehicle, machine, machine_class, contractor, contractor_basis, started_at, ended_at,
       n_trips, work_s, flagged_s, deadhead_s, unknown_s, standing_s, work_m, deadhead_m, unknown_m, untimed_m,
       amount_yen, flagged_yen, n_unpriced, n_corrections, n_facts, first_fix_at, last_fix_at, is_provisional,
       is_evidence_expired, synthetic, geom
FROM mgr.daily_reports
WHERE %(sees_all)s::boolean OR contractor = %(contractor)s::text
