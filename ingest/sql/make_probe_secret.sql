-- The secret of a day: the one given, unless another process was first. params: day, secret. returns: nothing.
-- index: probe_secret_pkey.
INSERT INTO raw.probe_secret (day, secret) VALUES (%(day)s, %(secret)s) ON CONFLICT (day) DO NOTHING
