-- The key that a request carries, by its hash, with the source that it writes for.
-- params: key_sha256. returns at most one row: key_id, scope, scope_of (NULL: public or admin), has_probes, source_id
-- (NULL: no key of a source, or its source is not registered). No row: no such key, revoked, or past its end.
-- index: the unique key_sha256; source_name_key.
SELECT k.key_id, k.scope, k.scope_of, k.has_probes, s.source_id
FROM app.api_key AS k LEFT JOIN raw.source AS s ON k.scope = 'source' AND s.name = k.scope_of
WHERE k.key_sha256 = %(key_sha256)s AND k.revoked_at IS NULL AND (k.valid_until IS NULL OR k.valid_until > now())
