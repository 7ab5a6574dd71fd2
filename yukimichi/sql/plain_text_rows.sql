-- Write rows as text alike in every session, for the length of the transaction. Params: none. Returns one row.
SELECT set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'postgres', true),
       set_config('bytea_output', 'hex', true), set_config('extra_float_digits', '1', true),
       set_config('TimeZone', 'UTC', true)
