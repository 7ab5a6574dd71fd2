-- Edges whose state runs out by the clock between two moments.
-- Params: after, until. Returns edge_id. Index: none; the rows that hold now are read.
SELECT edge_id FROM ops.edge_status
WHERE superseded_at IS NULL AND valid_until > %(after)s::timestamptz AND valid_until <= %(until)s::timestamptz
