-- What an administrator did. Params: key_id (NULL: no single key was meant), action, actor, detail (jsonb).
INSERT INTO app.audit (key_id, action, actor, detail) VALUES (%(key_id)s, %(action)s, %(actor)s, %(detail)s)
