-- A dispute by the word of its sender, with the decision that holds.
-- Params: token_sha256. Returns at most one row: dispute_id, received_at, seen_at, edge_id, direction, state_seen, comment
-- (NULL: none), has_photo, shown_state, shown_reason, shown_cleared_at (NULL: none), name, route (NULL: none known),
-- synthetic, decision, decision_reason, decided_at (NULL: it waits). Indexes: the unique token_sha256,
-- dispute_decision_of.
SELECT d.dispute_id, d.received_at, d.seen_at, d.edge_id, d.direction, d.state_seen, d.comment,
       EXISTS (SELECT FROM app.dispute_photo AS p WHERE p.dispute_id = d.dispute_id) AS has_photo, d.shown_state,
       d.shown_reason, d.shown_cleared_at, d.name, d.route, d.synthetic, c.decision, c.reason AS decision_reason,
       c.decided_at
FROM app.dispute AS d
LEFT JOIN LATERAL (SELECT o.decision, o.reason, o.decided_at FROM app.dispute_decision AS o
                   WHERE o.dispute_id = d.dispute_id ORDER BY o.decision_id DESC LIMIT 1) AS c ON true
WHERE d.token_sha256 = %(token_sha256)s
