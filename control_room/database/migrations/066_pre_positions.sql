-- Drones say where they are: the way that they flew, and the last place of each for the map.

CREATE TABLE positions (
    device_id text NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    camera_id text,
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    accuracy_m double precision,
    relative_altitude_m double precision,
    absolute_altitude_m double precision,
    heading_deg double precision,
    speed_m_s double precision,
    gimbal_yaw_deg double precision,
    gimbal_pitch_deg double precision,
    gimbal_roll_deg double precision,
    hovers boolean,
    footprint jsonb,
    device_time timestamptz,
    PRIMARY KEY (device_id, at)
);
CREATE INDEX positions_by_time ON positions (at);
COMMENT ON TABLE positions IS 'Where drones and ground stations were; a hypertable on at. No foreign key: see device_metrics.';
COMMENT ON COLUMN positions.device_id IS 'Whose.';
COMMENT ON COLUMN positions.at IS 'When it was there (device); where that is over 40 days before or an hour after the arrival, when it arrived (server).';
COMMENT ON COLUMN positions.received_at IS 'When it arrived (server).';
COMMENT ON COLUMN positions.camera_id IS 'Which of its cameras flies there; null: the device itself.';
COMMENT ON COLUMN positions.lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN positions.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN positions.accuracy_m IS 'One standard deviation, where the aircraft tells it.';
COMMENT ON COLUMN positions.relative_altitude_m IS 'Above take-off.';
COMMENT ON COLUMN positions.absolute_altitude_m IS 'Above the aircraft''s own datum.';
COMMENT ON COLUMN positions.heading_deg IS 'Of the nose from true north, -180 to 180.';
COMMENT ON COLUMN positions.speed_m_s IS 'Over the ground.';
COMMENT ON COLUMN positions.gimbal_yaw_deg IS 'From true north, clockwise.';
COMMENT ON COLUMN positions.gimbal_pitch_deg IS '0 at the horizon, -90 straight down.';
COMMENT ON COLUMN positions.gimbal_roll_deg IS 'Clockwise.';
COMMENT ON COLUMN positions.hovers IS 'Whether its rules that need a still picture work; null: nobody looks at its picture.';
COMMENT ON COLUMN positions.footprint IS 'Corners of its picture on the ground, [[lat, lon], ...]; null: not known, or too far.';
COMMENT ON COLUMN positions.device_time IS 'What the device said instead of at; null: the same.';

CREATE TABLE last_positions (
    device_id text PRIMARY KEY REFERENCES devices (device_id),
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    camera_id text,
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    accuracy_m double precision,
    relative_altitude_m double precision,
    absolute_altitude_m double precision,
    heading_deg double precision,
    speed_m_s double precision,
    gimbal_yaw_deg double precision,
    gimbal_pitch_deg double precision,
    gimbal_roll_deg double precision,
    hovers boolean,
    footprint jsonb,
    shown_at timestamptz NOT NULL
);
COMMENT ON TABLE last_positions IS 'The last place of each device that ever told one.';
COMMENT ON COLUMN last_positions.device_id IS 'Whose.';
COMMENT ON COLUMN last_positions.at IS 'As in positions.';
COMMENT ON COLUMN last_positions.received_at IS 'As in positions.';
COMMENT ON COLUMN last_positions.camera_id IS 'As in positions.';
COMMENT ON COLUMN last_positions.lat IS 'As in positions.';
COMMENT ON COLUMN last_positions.lon IS 'As in positions.';
COMMENT ON COLUMN last_positions.accuracy_m IS 'As in positions.';
COMMENT ON COLUMN last_positions.relative_altitude_m IS 'As in positions.';
COMMENT ON COLUMN last_positions.absolute_altitude_m IS 'As in positions.';
COMMENT ON COLUMN last_positions.heading_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.speed_m_s IS 'As in positions.';
COMMENT ON COLUMN last_positions.gimbal_yaw_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.gimbal_pitch_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.gimbal_roll_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.hovers IS 'As in positions.';
COMMENT ON COLUMN last_positions.footprint IS 'As in positions.';
COMMENT ON COLUMN last_positions.shown_at IS 'When the screens were last told (server): at most once a second.';

CREATE VIEW last_position_items AS
SELECT
    last.device_id, devices.name, last.camera_id, cameras.name AS camera_name, devices.online, last.at,
    jsonb_build_object('lat', last.lat, 'lon', last.lon, 'accuracy_m', last.accuracy_m) AS location,
    last.relative_altitude_m, last.heading_deg, last.speed_m_s, last.gimbal_yaw_deg, last.gimbal_pitch_deg,
    last.hovers, coalesce(last.footprint, '[]'::jsonb) AS footprint
FROM last_positions AS last
JOIN devices USING (device_id)
LEFT JOIN cameras ON cameras.device_id = last.device_id AND cameras.camera_id = last.camera_id
WHERE devices.revoked_at IS NULL;
COMMENT ON VIEW last_position_items IS 'Where each drone is, or was last, as the map and the stream show it.';
