-- lock_device --
-- Whether it may be configured; held until this transaction ends, so that versions are given one after the other
SELECT enrolled_at FROM devices WHERE device_id = %(device_id)s AND revoked_at IS NULL FOR UPDATE;

-- newest --
-- The number of the newest version
SELECT coalesce(max(version), 0) FROM device_configurations WHERE device_id = %(device_id)s;

-- content --
-- What one version says
SELECT content FROM device_configurations WHERE device_id = %(device_id)s AND version = %(version)s;

-- supersede --
-- Versions that the device has not answered; a newer one takes their place
UPDATE device_configurations SET state = 'superseded', ended_at = %(now)s
WHERE device_id = %(device_id)s AND state = 'pending';

-- drop_commands --
-- Commands that carried versions which nobody wants any more
UPDATE commands SET state = 'expired', ended_at = %(now)s, error = 'a newer configuration took its place'
WHERE device_id = %(device_id)s AND kind = 'config' AND state IN ('queued', 'sent');

-- add --
-- A version that waits for the device
INSERT INTO device_configurations (device_id, version, content, made_by, made_at, reason, same_as, command_id)
VALUES (%(device_id)s, %(version)s, %(content)s, %(made_by)s, %(now)s, %(reason)s, %(same_as)s, %(command_id)s);

-- page --
-- Versions of a device, the newest first
SELECT version, content, made_by, made_at, reason, same_as, state, ended_at, error
FROM device_configurations
WHERE device_id = %(device_id)s AND (%(before)s::integer IS NULL OR version < %(before)s)
ORDER BY version DESC
LIMIT %(limit)s;

-- end --
-- What the device answered to the command that carried it
UPDATE device_configurations SET state = %(state)s, error = %(error)s, ended_at = %(now)s
WHERE command_id = %(command_id)s AND state IN ('pending', 'superseded')
RETURNING version;

-- unheard --
-- Versions whose command ended without a word of the device, which is there by now
SELECT made.device_id, made.version, made.content, made.made_by
FROM device_configurations AS made
JOIN commands USING (command_id)
JOIN devices ON devices.device_id = made.device_id
WHERE made.state = 'pending' AND commands.state = 'expired' AND devices.online AND devices.revoked_at IS NULL
LIMIT 50
FOR UPDATE OF made SKIP LOCKED;

-- carry --
-- The command that carries it from now on
UPDATE device_configurations SET command_id = %(command_id)s
WHERE device_id = %(device_id)s AND version = %(version)s;
