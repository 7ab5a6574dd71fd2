-- A page of features, each as GeoJSON text. `source` is the collection's SELECT; the other parts in braces are put
-- together from the catalogue's own names, and every value of a request is bound.
-- Params: limit, offset, n_decimals, those of `source` and `where`. Returns (feature) in the order asked for.
-- `geometry` NULL: skipGeometry. Indexes: those of the source.
WITH page AS MATERIALIZED (
  SELECT * FROM ({source}) AS s WHERE {where} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
)
SELECT '{{"type":"Feature","id":' || to_json(page.{id})::text
       || ',"geometry":' || coalesce(ST_AsGeoJSON({geometry}, %(n_decimals)s, 0), 'null')
       || ',"properties":' || {properties} || '}}' AS feature
FROM page ORDER BY {order}
