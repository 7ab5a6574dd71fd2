-- Say that the states of an event in a span of time are told from the facts.
-- Params: event_id, from_at, to_at, event_kind, event_name, reference_at, network_version, known_at, step_s, is_closed,
-- synthetic. Returns nothing. past_version is above all that the event had. Index: primary key.
INSERT INTO pub.past_span (event_id, from_at, to_at, event_kind, event_name, reference_at, network_version, known_at,
                           step_s, is_closed, past_version, synthetic)
SELECT %(event_id)s, %(from_at)s, %(to_at)s, %(event_kind)s, %(event_name)s, %(reference_at)s, %(network_version)s,
       %(known_at)s, %(step_s)s, %(is_closed)s,
       1 + coalesce((SELECT max(past_version) FROM pub.past_span WHERE event_id = %(event_id)s), 0), %(synthetic)s
