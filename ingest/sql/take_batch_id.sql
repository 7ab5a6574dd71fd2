-- The id of a new batch. params: none. returns: batch_id.
SELECT nextval('raw.batch_id_seq') AS batch_id
