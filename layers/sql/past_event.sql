-- What is needed to work out the past of an event.
-- Params: event_id. Returns at most one row (event_id, kind, name, reference_at, closed_at, is_synthetic, is_published,
-- as_of, network_version, next_from): closed_at NULL: open; is_published: it is the published one now; as_of and
-- network_version of what is published, NULL: nothing; next_from: where the next other event began to be published after
-- this one closed, NULL: none did. No row: no event that stands has that id. Index: primary keys.
SELECT e.event_id, e.kind, e.name, e.reference_at, e.closed_at, e.is_synthetic,
       coalesce(d.event_id = e.event_id, false) AS is_published, d.as_of, d.network_version,
       (SELECT min(p.from_at) FROM pub.past_span AS p
        WHERE p.event_id <> e.event_id AND p.from_at >= e.closed_at) AS next_from
FROM ops.event AS e LEFT JOIN pub.dataset AS d ON true
WHERE e.event_id = %(event_id)s AND e.superseded_at IS NULL
