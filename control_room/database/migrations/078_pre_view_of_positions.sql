-- How wide a drone's picture is, so that the ground in it can be drawn, or said why it is not.

ALTER TABLE positions ADD COLUMN view_deg double precision;
COMMENT ON COLUMN positions.view_deg IS 'Angle from the left to the right edge of its picture; null: its lens is not known.';

ALTER TABLE last_positions ADD COLUMN view_deg double precision;
COMMENT ON COLUMN last_positions.view_deg IS 'As in positions.';

CREATE OR REPLACE VIEW last_position_items AS
SELECT
    last.device_id, devices.name, last.camera_id, cameras.name AS camera_name, devices.online, last.at,
    jsonb_build_object('lat', last.lat, 'lon', last.lon, 'accuracy_m', last.accuracy_m) AS location,
    last.relative_altitude_m, last.heading_deg, last.speed_m_s, last.gimbal_yaw_deg, last.gimbal_pitch_deg,
    last.hovers, coalesce(last.footprint, '[]'::jsonb) AS footprint, last.view_deg
FROM last_positions AS last
JOIN devices USING (device_id)
LEFT JOIN cameras ON cameras.device_id = last.device_id AND cameras.camera_id = last.camera_id
WHERE devices.revoked_at IS NULL;
