-- A new key, by its hash. Params: name, key_sha256, scope, scope_of (NULL: public or admin), has_probes.
-- Returns: key_id.
INSERT INTO app.api_key (name, key_sha256, scope, scope_of, has_probes)
VALUES (%(name)s, %(key_sha256)s, %(scope)s, %(scope_of)s, %(has_probes)s)
RETURNING key_id
