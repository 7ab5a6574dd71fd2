-- Feeds of transit operators in bulk. NULL: not told.
COPY net.bus_feed (feed_id, publisher, version, valid_from, valid_to, licence, attribution, agencies, timezone, n_trips,
                   is_synthetic)
FROM STDIN
