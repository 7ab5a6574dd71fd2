-- Events whose past is to be worked out from the facts: storms and callouts that closed and never were, or whose facts,
-- orders, end or roads changed since.
-- Params: network_version (of now), before (events that ended before it are not kept any more), every (whether events
-- that were never published are listed too).
-- Returns (event_id, from_at), the oldest first: from the event's begin, or from where facts changed, whichever is later.
-- Open events are listed where facts of a past that was told already came in since they were worked out, or since they
-- began to be published. A closed event that is published still is left for later. Indexes: amendment_during, primary
-- keys; events are few.
WITH told AS (
  SELECT event_id, bool_and(known_at IS NOT NULL) AS is_whole, max(known_at) AS known_at,
         min(network_version) FILTER (WHERE known_at IS NOT NULL) AS network_version, bool_and(is_closed) AS is_closed
  FROM pub.past_span GROUP BY event_id
), event AS (
  SELECT e.event_id, e.reference_at, e.closed_at, coalesce(e.closed_recorded_at, e.recorded_at) AS closed_recorded_at,
         t.is_whole, t.known_at, t.network_version, t.is_closed, t.event_id IS NOT NULL AS is_told
  FROM ops.event AS e LEFT JOIN told AS t USING (event_id)
  WHERE e.superseded_at IS NULL AND e.kind <> 'standing' AND (e.closed_at IS NULL OR e.closed_at > %(before)s)
), late AS (
  SELECT e.event_id, min(lower(a.during)) AS from_at
  FROM event AS e JOIN ops.amendment AS a
    ON a.during && tstzrange(e.reference_at, coalesce(e.closed_at, 'infinity'))
       AND a.recorded_at > coalesce(e.known_at, e.reference_at)
  WHERE e.is_told GROUP BY e.event_id
)
SELECT e.event_id, greatest(e.reference_at, CASE
         WHEN e.closed_at IS NULL OR (e.is_whole AND e.is_closed AND e.network_version = %(network_version)s
                                      AND e.known_at >= e.closed_recorded_at) THEN l.from_at
         ELSE e.reference_at END) AS from_at
FROM event AS e LEFT JOIN late AS l USING (event_id)
WHERE (e.closed_at IS NULL AND l.event_id IS NOT NULL)
   OR (e.closed_at IS NOT NULL AND (e.is_told OR %(every)s)
       AND NOT EXISTS (SELECT FROM pub.dataset AS d WHERE d.event_id = e.event_id)
       AND (NOT e.is_told OR NOT e.is_whole OR NOT e.is_closed OR e.network_version <> %(network_version)s
            OR e.known_at < e.closed_recorded_at OR l.event_id IS NOT NULL
            OR EXISTS (SELECT FROM ops.road_order AS o
                       WHERE o.kind <> 'publication_stop' AND o.recorded_at > e.known_at AND o.during && tstzrange(e.reference_at, e.closed_at))))
ORDER BY e.reference_at, e.event_id
