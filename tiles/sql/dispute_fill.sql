-- What a sender may still send now: a bucket that n_max fill, one in every_s. It stands here so that all server processes
-- share it, and it is locked up to the end of the transaction: two at once wait for each other.
-- Params: sender, n_max, every_s. Returns one row (n_left; from 1 on there is one to take). Index: primary key.
INSERT INTO app.dispute_bucket AS b (sender, n_left, at) VALUES (%(sender)s, %(n_max)s, clock_timestamp())
ON CONFLICT (sender) DO UPDATE SET
  n_left = least(%(n_max)s::float8,
                 b.n_left + greatest(extract(epoch FROM clock_timestamp() - b.at), 0) / %(every_s)s::float8),
  at = clock_timestamp()
RETURNING n_left
