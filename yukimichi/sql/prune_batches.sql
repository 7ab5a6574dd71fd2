-- Forget batches that their stage came past long ago; the newest of all stays. Params: kind, position: up to which the stage
-- has come, before (moment). Returns nothing; rows count. Index: primary key.
DELETE FROM raw.batch
WHERE kind = %(kind)s AND position <= %(position)s AND received_at < %(before)s
  AND position < (SELECT max(position) FROM raw.batch)
