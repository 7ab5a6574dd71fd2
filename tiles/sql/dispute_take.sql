-- Take one from a sender's bucket. Params: sender. Returns nothing. Index: primary key.
UPDATE app.dispute_bucket SET n_left = n_left - 1 WHERE sender = %(sender)s
