-- Lanes and width of the pieces of a network version of which either is known, for numpy.
-- Params: network_version. Returns piece_id, lanes (0: not known), width_m (0: not known), is_oneway.
-- Index: none, the table is read whole.
COPY (
  SELECT piece_id, coalesce(lanes, 0)::int4, coalesce(width_m, 0)::float8, oneway <> 0
  FROM net.piece
  WHERE first_version <= %(network_version)s AND (last_version IS NULL OR last_version >= %(network_version)s)
    AND (lanes IS NOT NULL OR width_m IS NOT NULL)
) TO STDOUT (FORMAT binary)
