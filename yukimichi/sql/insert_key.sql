-- A new key, by its hash. Params: name, key_sha256, scope, scope_of (NULL: public or admin), has_probes, valid_days (NULL: it
-- has no end). Returns: key_id.
INSERT INTO app.api_key (name, key_sha256, scope, scope_of, has_probes, valid_until)
VALUES (%(name)s, %(key_sha256)s, %(scope)s, %(scope_of)s, %(has_probes)s,
        now() + %(valid_days)s::double precision * interval '1 day')
RETURNING key_id
