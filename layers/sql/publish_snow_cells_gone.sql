-- Cells without roads now. Params: none. Returns nothing; rows deleted count. Index: primary keys.
DELETE FROM pub.snow_cell AS p WHERE NOT EXISTS (SELECT FROM ops.snow_cell AS o WHERE o.cell = p.cell)
