-- Let other sessions see just what this transaction sees, as long as it lives. Params: none. Returns the snapshot's name.
SELECT pg_export_snapshot()
