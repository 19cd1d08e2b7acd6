-- add_device --
-- A device that may speak to this room; no row where the id is taken
INSERT INTO devices (device_id, name, secret_hash, created_at)
VALUES (%(device_id)s, %(name)s, %(secret_hash)s, %(now)s)
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
