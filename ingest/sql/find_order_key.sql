-- The key that an order comes with, by its hash, with its name.
-- params: key_sha256. returns at most one row: key_id, name, scope, scope_of (NULL: public or admin). No row: no such
-- key, revoked, or past its end. index: the unique key_sha256.
SELECT key_id, name, scope, scope_of FROM app.api_key
WHERE key_sha256 = %(key_sha256)s AND revoked_at IS NULL AND (valid_until IS NULL OR valid_until > now())
