-- Whether the worker that keeps the states said something lately. Params: since. Returns one row. Index: primary key.
SELECT EXISTS (SELECT FROM ops.worker_beat WHERE worker LIKE '0 of %%' AND beat_at >= %(since)s)
