-- One writer of orders at a time, so that entries are committed in the order of their ids: stages look for the newest.
-- params: none. returns one row of no meaning.
SELECT pg_advisory_xact_lock(hashtext('raw.order_entry'))
