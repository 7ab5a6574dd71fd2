-- The entry of a sender by the sender's own name of it. params: author_key_id (0: a command), client_id.
-- returns at most one row: order_id, entry_id. index: order_entry_client.
SELECT order_id, entry_id FROM raw.order_entry
WHERE coalesce(author_key_id, 0) = %(author_key_id)s AND client_id = %(client_id)s
