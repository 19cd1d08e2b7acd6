-- add_device --
-- A device that may speak to this room; no row where the id is taken
INSERT INTO devices (device_id, name, secret_hash, created_at, place, owner, purpose)
VALUES (%(device_id)s, %(name)s, %(secret_hash)s, %(now)s, %(place)s, %(owner)s, %(purpose)s)
ON CONFLICT DO NOTHING
RETURNING device_id;

-- renew_secret --
-- Another token for a device; the one before stops working
UPDATE devices SET secret_hash = %(secret_hash)s WHERE device_id = %(device_id)s AND revoked_at IS NULL
RETURNING device_id;

-- secret_hash --
-- What the secret of a device hashes to, while it may speak
SELECT secret_hash FROM devices WHERE device_id = %(device_id)s AND revoked_at IS NULL;

-- items --
-- Devices as lists and stream show them
SELECT * FROM device_items ORDER BY name, device_id;

-- page --
-- One page of the registry by name; the cursor is the last row of the page before
SELECT * FROM registered_devices
WHERE (%(search)s::text IS NULL OR strpos(lower(concat_ws(' ', device_id, name, place, owner, purpose)), lower(%(search)s)) > 0)
    AND CASE coalesce(%(state)s::text, 'active')
        WHEN 'active' THEN revoked_at IS NULL
        WHEN 'revoked' THEN revoked_at IS NOT NULL
        WHEN 'online' THEN revoked_at IS NULL AND online
        WHEN 'offline' THEN revoked_at IS NULL AND NOT online
        ELSE true
    END
    AND (%(after_name)s::text IS NULL OR (name, device_id) > (%(after_name)s, %(after_id)s))
ORDER BY name, device_id
LIMIT %(limit)s;

-- registered --
-- One device of the registry
SELECT * FROM registered_devices WHERE device_id = %(device_id)s;

-- cameras --
-- The cameras of one device, those that show nothing first
SELECT camera_id, name, state, reason, since, last_frame_at
FROM cameras
WHERE device_id = %(device_id)s
ORDER BY state NOT IN ('dark', 'offline'), name, camera_id
LIMIT 1000;

-- lock --
-- What is written of a device; held until this transaction ends
SELECT name, place, owner, purpose, revoked_at FROM devices WHERE device_id = %(device_id)s FOR UPDATE;

-- edit --
-- What people wrote of it
UPDATE devices SET name = %(name)s, place = %(place)s, owner = %(owner)s, purpose = %(purpose)s
WHERE device_id = %(device_id)s;

-- revoke --
-- From now on nothing of it is accepted, its token opens nothing, and the worker takes its account at the broker away
UPDATE devices SET revoked_at = %(now)s, secret_hash = NULL, online = false, online_since = %(now)s
WHERE device_id = %(device_id)s;

-- set_cameras_aside --
-- Cameras of a device that may not speak any more
UPDATE cameras SET state = 'offline', reason = 'its device is revoked', since = %(now)s, updated_at = %(now)s
WHERE device_id = %(device_id)s;

-- close_codes --
-- Codes of a device that are still open
UPDATE enrolment_codes SET used_at = %(now)s WHERE device_id = %(device_id)s AND used_at IS NULL;
