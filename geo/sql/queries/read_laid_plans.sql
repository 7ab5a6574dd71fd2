-- What tells one laying of plans from another: its key and how much it laid.
-- Params: network_version. Returns key (NULL: nothing was ever laid by the plan stage), number and metres of the stretches.
-- Index: none, the table is read whole, a few milliseconds for a hundred thousand stretches.
SELECT (SELECT w.detail ->> 'key' FROM ops.watermark AS w WHERE w.stage = 'plans'), count(*), sum(p.to_m - p.from_m)
FROM net.plan_edge AS p WHERE p.network_version = %(network_version)s
