-- The id of the next entry. params: none. returns one row.
SELECT nextval('raw.order_entry_entry_id_seq')
