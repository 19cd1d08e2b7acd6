-- Occurrences that rules kept back are counted for the screens.

CREATE TABLE silenced (
    device_id text NOT NULL REFERENCES devices (device_id),
    camera_id text NOT NULL,
    hour timestamptz NOT NULL,
    rule text NOT NULL,
    activity text NOT NULL,
    occurrences bigint NOT NULL CHECK (occurrences >= 0),
    PRIMARY KEY (device_id, camera_id, hour, rule, activity)
);
CREATE INDEX silenced_by_hour ON silenced (hour);
COMMENT ON TABLE silenced IS 'What rules found and did not tell, because of expected activity or a cool-down, by the hour.';
COMMENT ON COLUMN silenced.device_id IS 'Who counted.';
COMMENT ON COLUMN silenced.camera_id IS 'Which of its cameras.';
COMMENT ON COLUMN silenced.hour IS 'Beginning of the hour in which the count arrived (server).';
COMMENT ON COLUMN silenced.rule IS 'Which rule found them.';
COMMENT ON COLUMN silenced.activity IS 'Name of the expected activity in the rule''s calendar; cool_down: too soon after another.';
COMMENT ON COLUMN silenced.occurrences IS 'How many.';
