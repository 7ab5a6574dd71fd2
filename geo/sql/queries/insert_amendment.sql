-- Say that facts of a past that had been told already changed: a row for each cause. What only stopped being provisional
-- did not change.
-- Params: pass_ids (written), ended_pass_ids (superseded), earliest (end of the first of them), late (interval: what
-- ended so long ago was told already). Cause of a trace: network, correction: its former facts are of another network, of
-- another matcher; closed_trace: they were all provisional and the new ones are final; else late_data. Returns nothing.
-- Index: primary key of ops.pass; none of it is read where earliest is not late.
WITH changed AS MATERIALIZED (
  SELECT p.pass_id = ANY(%(pass_ids)s) AS is_new, p.trace_id, p.edge_id, p.from_m, p.to_m, p.during, p.kind, p.treatment,
         p.work_basis, p.confidence, p.is_provisional, p.network_version, p.matcher_version
  FROM ops.pass AS p
  WHERE p.pass_id = ANY(%(pass_ids)s || %(ended_pass_ids)s) AND upper(p.during) < now() - %(late)s::interval
    AND %(earliest)s::timestamptz < now() - %(late)s::interval
), told AS (
  SELECT trace_id, edge_id, from_m, to_m, during, kind, treatment, work_basis, confidence FROM changed WHERE NOT is_new
), tells AS (
  SELECT trace_id, edge_id, from_m, to_m, during, kind, treatment, work_basis, confidence FROM changed WHERE is_new
), differs AS (
  SELECT true AS is_new, w.* FROM (TABLE tells EXCEPT ALL TABLE told) AS w
  UNION ALL
  SELECT false, s.* FROM (TABLE told EXCEPT ALL TABLE tells) AS s
), reason AS (
  SELECT trace_id,
         CASE WHEN min(network_version) FILTER (WHERE NOT is_new) < max(network_version) FILTER (WHERE is_new)
              THEN 'network'
              WHEN min(matcher_version) FILTER (WHERE NOT is_new) <> min(matcher_version) FILTER (WHERE is_new)
              THEN 'correction'
              WHEN bool_and(is_provisional) FILTER (WHERE NOT is_new)
                   AND NOT coalesce(bool_or(is_provisional) FILTER (WHERE is_new), false) THEN 'closed_trace'
              ELSE 'late_data' END AS cause
  FROM changed GROUP BY trace_id
), summed AS (
  SELECT r.cause, min(lower(d.during)) AS from_at, max(upper(d.during)) AS to_at,
         count(DISTINCT d.edge_id) AS n_edges, count(*) FILTER (WHERE d.is_new) AS n_written,
         count(*) FILTER (WHERE NOT d.is_new) AS n_superseded
  FROM differs AS d JOIN reason AS r USING (trace_id) GROUP BY 1
)
INSERT INTO ops.amendment (cause, event_ids, during, n_edges, n_passes_written, n_passes_superseded)
SELECT s.cause,
       ARRAY(SELECT e.event_id FROM ops.event AS e
             WHERE e.kind <> 'standing' AND e.superseded_at IS NULL AND e.reference_at <= s.to_at
               AND (e.closed_at IS NULL OR e.closed_at >= s.from_at)
             ORDER BY e.reference_at, e.event_id),
       tstzrange(s.from_at, s.to_at, '[]'), s.n_edges, s.n_written, s.n_superseded
FROM summed AS s ORDER BY s.cause
