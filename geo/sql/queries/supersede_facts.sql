-- Facts of traces that no longer hold, by their numbers.
-- Params: trace_ids, seqs (arrays of one length). Returns pass_id, edge_id, end. Index: pass_now.
UPDATE ops.pass AS p SET superseded_at = now()
FROM unnest(%(trace_ids)s::bigint[], %(seqs)s::integer[]) AS old (trace_id, seq)
WHERE p.trace_id = old.trace_id AND p.seq = old.seq AND p.superseded_at IS NULL
RETURNING p.pass_id, p.edge_id, upper(p.during)
