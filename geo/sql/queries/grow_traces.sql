-- Rows of open traces that have grown. Their content is not that of any stored trace, so a later look at them matches
-- them as a whole.
-- Params: trace_ids, to_ats, n_fixes (arrays of one length). Returns nothing; rows count. Index: trace_now.
WITH grown AS (
  SELECT * FROM unnest(%(trace_ids)s::bigint[], %(to_ats)s::timestamptz[], %(n_fixes)s::integer[])
    AS g (trace_id, to_at, n_now)
), old AS (
  UPDATE ops.trace AS t SET superseded_at = now()
  FROM grown WHERE t.trace_id = grown.trace_id AND t.superseded_at IS NULL
  RETURNING t.*, grown.to_at, grown.n_now
)
INSERT INTO ops.trace (trace_id, vehicle_id, during, n_fixes, n_dropped, n_unmatched, n_breaks, content_key,
                       matcher_version, network_version, is_provisional, is_synthetic)
SELECT trace_id, vehicle_id, tstzrange(lower(during), greatest(upper(during), to_at), '[]'), n_now, n_dropped,
       n_unmatched, n_breaks, '', matcher_version, network_version, true, is_synthetic
FROM old
