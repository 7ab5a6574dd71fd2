-- What serving needs beside 0005: keys of content, so that a tile's address never means two things, and the indexes
-- of the joins that status answers make.

-- network_key: of the network's content. plan_key: of the plans laid onto it. reference_key: of all reference layers.
ALTER TABLE pub.dataset
  ADD COLUMN network_key text NOT NULL,
  ADD COLUMN plan_key text NOT NULL,
  ADD COLUMN reference_key text NOT NULL;

CREATE INDEX roads_piece ON pub.roads (piece_id);
CREATE INDEX roads_route ON pub.roads (route_id) WHERE route_id IS NOT NULL;
CREATE INDEX roads_section ON pub.roads (section_id) WHERE section_id IS NOT NULL;
CREATE INDEX reference_layer ON pub.reference (layer, fid);

-- Names of a device as its source gives them; NULL until the engine has written them. layers may not read raw.
ALTER TABLE ops.vehicle_state ADD COLUMN source text, ADD COLUMN vehicle text;
ALTER TABLE mgr.devices ALTER COLUMN source DROP NOT NULL;
