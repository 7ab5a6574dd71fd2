-- Whether a clearing, done or under way, ran out between the state that is published and as_of.
-- Params: published_as_of, as_of. Returns one row (has_expired). Index: none, the table is read whole.
SELECT EXISTS (SELECT FROM pub.edge_status
               WHERE state IN ('cleared', 'clearing') AND valid_until > %(published_as_of)s AND valid_until <= %(as_of)s
              ) AS has_expired
