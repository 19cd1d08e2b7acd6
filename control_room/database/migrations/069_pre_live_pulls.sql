-- Where the room fetches live video itself: RTSP servers of drones' ground stations.

CREATE TABLE live_pulls (
    source_id uuid PRIMARY KEY,
    address text NOT NULL CHECK (address ~ '^rtsps?://'),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
);
COMMENT ON TABLE live_pulls IS 'Live sources that are fetched from an RTSP server instead of sending themselves.';
COMMENT ON COLUMN live_pulls.source_id IS 'Which source. No foreign key: see live_recordings.';
COMMENT ON COLUMN live_pulls.address IS 'rtsp:// or rtsps://, with user and password where the server asks for them; shown without.';
COMMENT ON COLUMN live_pulls.set_by IS 'User name.';
COMMENT ON COLUMN live_pulls.set_at IS 'When (server).';
