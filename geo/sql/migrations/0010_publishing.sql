-- What publishing every few seconds needs: to find the facts that are new or superseded since the last time.
CREATE INDEX pass_recorded ON ops.pass USING brin (recorded_at);
CREATE INDEX pass_superseded ON ops.pass (superseded_at) WHERE superseded_at IS NOT NULL;

-- Whether a plough route or a work section holds at least half of either direction.
ALTER TABLE pub.road_tile ADD COLUMN on_plan boolean NOT NULL DEFAULT false;
