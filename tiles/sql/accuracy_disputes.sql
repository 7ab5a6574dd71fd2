-- How many disputes came in a week of the local clock, by what was seen and by the decision that holds.
-- Params: zone, since. Returns rows (week: date of its Monday, state_seen, decision: NULL: it waits, n, synthetic).
-- Indexes: dispute_received, dispute_decision_of.
SELECT date_trunc('week', d.received_at AT TIME ZONE %(zone)s)::date AS week, d.state_seen, c.decision, count(*) AS n,
       bool_or(d.synthetic) AS synthetic
FROM app.dispute AS d
LEFT JOIN LATERAL (SELECT o.decision FROM app.dispute_decision AS o WHERE o.dispute_id = d.dispute_id
                   ORDER BY o.decision_id DESC LIMIT 1) AS c ON true
WHERE d.received_at >= %(since)s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
