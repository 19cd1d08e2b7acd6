-- add_device --
-- A simulated device is known to the room, but has no token: it cannot use HTTP
INSERT INTO devices (device_id, name) VALUES (%(device_id)s, %(name)s) ON CONFLICT DO NOTHING;
