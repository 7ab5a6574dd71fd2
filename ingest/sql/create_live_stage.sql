-- Where live fixes wait that may be there already; made once a connection, empty at the start of every transaction.
-- number counts the rows of a group from 0. NULL: not known; file_id NULL: live.
CREATE TEMPORARY TABLE IF NOT EXISTS live_fix (
  vehicle_id integer NOT NULL, at timestamptz NOT NULL, lon double precision NOT NULL, lat double precision NOT NULL,
  heading_deg real, speed_mps real, accuracy_m real, blade boolean, spreader boolean, work boolean, treatment text,
  file_id bigint, content_key bigint NOT NULL, batch_id bigint NOT NULL, number integer NOT NULL
) ON COMMIT DELETE ROWS
