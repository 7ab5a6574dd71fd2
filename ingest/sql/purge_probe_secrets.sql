-- Forget the secrets of days that are over. params: today. index: probe_secret_pkey.
DELETE FROM raw.probe_secret WHERE day < %(today)s
