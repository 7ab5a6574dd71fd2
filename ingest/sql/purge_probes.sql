-- Delete positions of other vehicles that came before a moment. params: before. index: probe_received.
DELETE FROM raw.probe WHERE received_at < %(before)s
