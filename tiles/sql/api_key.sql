-- The key that a request carries, by its hash.
-- Params: key_sha256. Returns at most one row (key_id, scope, scope_of); none: no such key, revoked, or past its end.
-- scope_of NULL: public or admin. Index: the unique key_sha256.
SELECT key_id, scope, scope_of FROM app.api_key
WHERE key_sha256 = %(key_sha256)s AND revoked_at IS NULL AND (valid_until IS NULL OR valid_until > now())
