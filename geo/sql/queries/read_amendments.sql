-- What changed of a past that had been told already, the newest first.
-- Params: since (-infinity: ever), most. Returns amendment_id, cause, event_ids, from and to (both inclusive), n_edges,
-- n_passes_written, n_passes_superseded, recorded_at. Index: amendment_recorded.
SELECT amendment_id, cause, event_ids, lower(during), upper(during), n_edges, n_passes_written, n_passes_superseded,
       recorded_at
FROM ops.amendment
WHERE recorded_at >= %(since)s::timestamptz
ORDER BY recorded_at DESC, amendment_id DESC LIMIT %(most)s
