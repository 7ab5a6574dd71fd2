-- The photo of a dispute. Params: dispute_id. Returns at most one row (jpeg). Index: primary key.
SELECT jpeg FROM app.dispute_photo WHERE dispute_id = %(dispute_id)s
