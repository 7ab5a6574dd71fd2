-- Bus stops in bulk. NULL: not told; routes NULL: no bus stops there.
COPY net.bus_stop (stop_id, feed_id, name, name_en, routes, departures_weekday, departures_saturday, departures_sunday,
                   is_synthetic, row_key, geom)
FROM STDIN
