-- Whether a dispute is there, and whether a key may see it. `source` is the SELECT of the collection disputes.
-- Params: dispute_id, those of `source`. Returns one row (is_there, is_own). Indexes: those of the source.
SELECT EXISTS (SELECT FROM mgr.disputes AS d WHERE d.dispute_id = %(dispute_id)s) AS is_there,
       EXISTS (SELECT FROM ({source}) AS s WHERE s.dispute_id = %(dispute_id)s) AS is_own
