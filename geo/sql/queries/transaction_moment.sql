-- When this transaction began; facts that it writes carry this time. Params: none. Returns now_at.
SELECT now() AS now_at
