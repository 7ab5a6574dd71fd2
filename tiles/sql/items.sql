-- A page of features as the inside of a JSON array. `source` is the collection's SELECT; the other parts in braces are
-- put together from the catalogue's own names, and every value of a request is bound.
-- Params: limit, offset, n_decimals, counts_to (how far to count what matches, 0: not at all), is_far (whether others come
-- before this page), those of `source`, `where` and `selected` (`where` without the place of the page). Returns one row: (n_found: rows of the page, and one
-- more where others follow; features: UTF-8 with commas between; NULL: none; last: keys of the page's last row as text,
-- NULL: no row follows; n_matched: how many match, counts_to + 1 for more; NULL: not counted). `geometry` NULL: skipGeometry. Indexes: those of the source.
WITH page AS MATERIALIZED (
  SELECT s.*, row_number() OVER (ORDER BY {order}) AS _n
  FROM (SELECT * FROM ({source}) AS s WHERE {where} ORDER BY {order} LIMIT %(limit)s + 1 OFFSET %(offset)s) AS s
)
SELECT (SELECT count(*) FROM page) AS n_found,
       (SELECT convert_to(string_agg(
          '{{"type":"Feature","id":' || to_json(page.{id})::text
            || ',"geometry":' || coalesce(ST_AsGeoJSON({geometry}, %(n_decimals)s, 0), 'null')
            || ',"properties":' || {properties} || '}}', ',' ORDER BY page._n), 'UTF8')
        FROM page WHERE page._n <= %(limit)s) AS features,
       (SELECT {last} FROM page WHERE page._n = %(limit)s AND (SELECT count(*) FROM page) > %(limit)s) AS last,
       CASE WHEN %(counts_to)s > 0 AND (%(is_far)s OR (SELECT count(*) FROM page) > %(limit)s)
            THEN (SELECT count(*) FROM (SELECT FROM ({source}) AS s WHERE {selected} LIMIT %(counts_to)s + 1) AS found)
       END AS n_matched
