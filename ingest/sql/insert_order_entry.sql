-- Write an entry of an order and wake the workers. params: the columns of raw.order_entry by their names, except
-- recorded_at; geom as WKB, NULL: the place has no shape. returns nothing. NULL as in raw.order_entry.
WITH entered AS (
  INSERT INTO raw.order_entry (entry_id, order_id, action, kind, restriction, state, direction, begins_at, ends_at,
                               place, geom, reason, is_reason_public, author_key_id, author, author_of, client_id,
                               source_id, external_id, is_synthetic)
  OVERRIDING SYSTEM VALUE
  VALUES (%(entry_id)s, %(order_id)s, %(action)s, %(kind)s, %(restriction)s, %(state)s, %(direction)s, %(begins_at)s,
          %(ends_at)s, %(place)s, ST_GeomFromWKB(%(geom)s, 4326), %(reason)s, %(is_reason_public)s, %(author_key_id)s,
          %(author)s, %(author_of)s, %(client_id)s, %(source_id)s, %(external_id)s, %(is_synthetic)s)
  RETURNING entry_id
)
SELECT pg_notify('yuki_batches', '') FROM entered
