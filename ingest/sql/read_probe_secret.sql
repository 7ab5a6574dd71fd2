-- The secret of a day. params: day. returns: secret. index: probe_secret_pkey.
SELECT secret FROM raw.probe_secret WHERE day = %(day)s
