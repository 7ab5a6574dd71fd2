-- Forget the cells of another network version. Params: cells (int[]): those that stay. Returns nothing. Index: primary key.
DELETE FROM ops.snow_cell WHERE cell <> ALL (%(cells)s::integer[])
