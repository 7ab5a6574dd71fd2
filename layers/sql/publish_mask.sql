-- How far from depots and stops nothing of a machine is published, and what silence ends a shift.
-- Params: mask_m, shift_gap_min. Returns nothing. Index: primary key.
INSERT INTO mgr.mask (mask_m, shift_gap_min) VALUES (%(mask_m)s, %(shift_gap_min)s)
ON CONFLICT (only_row) DO UPDATE SET mask_m = excluded.mask_m, shift_gap_min = excluded.shift_gap_min
