-- The hashes of all keys that hold now, those of sources too.
-- Params: none. Returns key_sha256. Index: none, some dozens of rows.
SELECT key_sha256 FROM app.api_key WHERE revoked_at IS NULL AND (valid_until IS NULL OR valid_until > now())
