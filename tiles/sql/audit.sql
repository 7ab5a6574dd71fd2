-- Write one line into the audit log.
-- Params: key_id, action, detail (jsonb). Returns nothing.
INSERT INTO app.audit (key_id, action, detail) VALUES (%(key_id)s, %(action)s, %(detail)s::jsonb)
