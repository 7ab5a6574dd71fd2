-- What a day of raw.fix holds. Params: day. Returns n and content; both 0: no partition. Any change of a row changes content.
SELECT n, content FROM raw.fix_partition_content(%(day)s)
