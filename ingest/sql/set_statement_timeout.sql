-- How long a statement of this session may take. params: milliseconds (text). returns: the same.
SELECT set_config('statement_timeout', %(milliseconds)s, false)
