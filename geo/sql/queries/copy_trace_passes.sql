-- Passes of traces as they hold now, to compare with new ones.
-- Params: trace_ids, kinds, statuses, treatments, bases (the vocabularies in their order), matcher_version,
-- network_version. is_same: matcher and network are those asked for.
-- treatment -1: not named. Index: pass_trace.
COPY (
  SELECT pass_id, trace_id, seq, edge_id, from_m, to_m, lower(during), upper(during),
         (array_position(%(kinds)s::text[], kind) - 1)::int2, (array_position(%(statuses)s::text[], status) - 1)::int2,
         (coalesce(array_position(%(treatments)s::text[], treatment), 0) - 1)::int2,
         (array_position(%(bases)s::text[], work_basis) - 1)::int2, confidence, first_fix_at, last_fix_at, n_fixes,
         is_provisional, matcher_version = %(matcher_version)s AND network_version = %(network_version)s
  FROM ops.pass WHERE trace_id = ANY(%(trace_ids)s) AND superseded_at IS NULL
) TO STDOUT (FORMAT binary)
