-- Where fixes wait that may be there already; empty at the start and gone with the transaction.
CREATE TEMPORARY TABLE fix_stage (
  vehicle_id integer NOT NULL, at timestamptz NOT NULL, lon double precision NOT NULL, lat double precision NOT NULL,
  heading_deg real, speed_mps real, accuracy_m real, blade boolean, spreader boolean, work boolean, treatment text,
  file_id bigint, content_key bigint NOT NULL, batch_id bigint NOT NULL
) ON COMMIT DROP
