-- add --
-- Positions as devices told them; again is harmless
INSERT INTO positions (device_id, at, received_at, camera_id, lat, lon, accuracy_m, relative_altitude_m,
                       absolute_altitude_m, heading_deg, speed_m_s, gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg,
                       hovers, footprint, device_time, view_deg)
SELECT device_id, at, received_at, camera_id, lat, lon, accuracy_m, relative_altitude_m,
       absolute_altitude_m, heading_deg, speed_m_s, gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg,
       hovers, footprint, device_time, view_deg
FROM jsonb_populate_recordset(NULL::positions, %(positions)s::jsonb)
ORDER BY 1, 2
ON CONFLICT DO NOTHING;

-- set_last --
-- The newest of a batch as the last place of its device, unless a newer one stands there; those whose screens are due
WITH told AS (
    SELECT DISTINCT ON (device_id) *
    FROM jsonb_populate_recordset(NULL::positions, %(positions)s::jsonb)
    ORDER BY device_id, at DESC
)
INSERT INTO last_positions AS known (device_id, at, received_at, camera_id, lat, lon, accuracy_m, relative_altitude_m,
                                     absolute_altitude_m, heading_deg, speed_m_s, gimbal_yaw_deg, gimbal_pitch_deg,
                                     gimbal_roll_deg, hovers, footprint, shown_at, view_deg)
SELECT device_id, at, received_at, camera_id, lat, lon, accuracy_m, relative_altitude_m,
       absolute_altitude_m, heading_deg, speed_m_s, gimbal_yaw_deg, gimbal_pitch_deg,
       gimbal_roll_deg, hovers, footprint, %(now)s::timestamptz, view_deg
FROM told
ORDER BY device_id
ON CONFLICT (device_id) DO UPDATE SET
    at = excluded.at, received_at = excluded.received_at, camera_id = excluded.camera_id, lat = excluded.lat,
    lon = excluded.lon, accuracy_m = excluded.accuracy_m, relative_altitude_m = excluded.relative_altitude_m,
    absolute_altitude_m = excluded.absolute_altitude_m, heading_deg = excluded.heading_deg,
    speed_m_s = excluded.speed_m_s, gimbal_yaw_deg = excluded.gimbal_yaw_deg,
    gimbal_pitch_deg = excluded.gimbal_pitch_deg, gimbal_roll_deg = excluded.gimbal_roll_deg,
    hovers = excluded.hovers, footprint = excluded.footprint, view_deg = excluded.view_deg,
    shown_at = CASE WHEN known.shown_at <= %(now)s::timestamptz - %(pause)s::interval THEN excluded.shown_at
                    ELSE known.shown_at END
WHERE excluded.at > known.at
RETURNING device_id, shown_at = %(now)s::timestamptz AS is_due;

-- items_of --
-- Some of them, as the stream shows them
SELECT * FROM last_position_items WHERE device_id = ANY(%(device_ids)s) ORDER BY device_id;

-- items --
-- Of devices that told a place since then
SELECT * FROM last_position_items WHERE at >= %(since)s ORDER BY name, device_id LIMIT 500;

-- page --
-- Where one device was, in order of time
SELECT at, camera_id, lat, lon, accuracy_m, relative_altitude_m, absolute_altitude_m, heading_deg, speed_m_s,
    gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg, view_deg, hovers, coalesce(footprint, '[]'::jsonb) AS footprint
FROM positions
WHERE device_id = %(device_id)s AND at >= %(since)s AND at < %(until)s
    AND (%(after)s::timestamptz IS NULL OR at > %(after)s)
ORDER BY at
LIMIT %(limit)s;

-- alone_with_telemetry --
-- Whether no other process fetches what publishers tell; until this transaction ends
SELECT pg_try_advisory_xact_lock(1952541810, 2);

-- devices_of --
-- Whose positions the publishers of these streams tell
SELECT 'source/' || source_id, device_id FROM live_sources
WHERE 'source/' || source_id = ANY(%(streams)s) AND device_id IS NOT NULL AND ended_at IS NULL;
