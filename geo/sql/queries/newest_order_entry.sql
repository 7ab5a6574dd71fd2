-- The newest entry of any order; 0: there is none. Params: none. Returns one row. Index: primary key.
SELECT coalesce(max(entry_id), 0) FROM raw.order_entry
