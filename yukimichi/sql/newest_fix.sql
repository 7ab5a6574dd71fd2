-- When the last fix came in, of those that came after a moment. Params: after (timestamptz). Returns: one timestamptz;
-- NULL where none came. Index: fix_received (BRIN).
SELECT max(received_at) FROM raw.fix WHERE received_at > %(after)s
