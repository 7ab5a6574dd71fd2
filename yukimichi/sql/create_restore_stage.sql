-- Where fixes of the archive wait on their way back; empty at the start and gone with the transaction.
CREATE TEMPORARY TABLE restore_stage ON COMMIT DROP AS SELECT * FROM raw.fix WITH NO DATA
