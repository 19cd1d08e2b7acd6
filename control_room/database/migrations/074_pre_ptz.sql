-- Cameras that can be turned, and who turns them.
ALTER TABLE cameras ADD COLUMN ptz jsonb;
COMMENT ON COLUMN cameras.ptz IS 'How it is turned, as wire.device.PtzStatus has it; null: it cannot be turned.';

CREATE TABLE ptz_locks (
    device_id text NOT NULL,
    camera_id text NOT NULL,
    held_by text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (device_id, camera_id),
    FOREIGN KEY (device_id, camera_id) REFERENCES cameras (device_id, camera_id) ON DELETE CASCADE,
    CHECK (since <= until)
);
COMMENT ON TABLE ptz_locks IS 'Who turns a camera, so that two people do not pull at it; a row whose time is over holds nothing.';
COMMENT ON COLUMN ptz_locks.device_id IS 'The camera''s device.';
COMMENT ON COLUMN ptz_locks.camera_id IS 'Which of its cameras.';
COMMENT ON COLUMN ptz_locks.held_by IS 'User name.';
COMMENT ON COLUMN ptz_locks.since IS 'When this person began to turn it (server).';
COMMENT ON COLUMN ptz_locks.until IS 'From when others may turn it (server); each order moves it on.';
