-- ptz --
-- How a camera is turned, as its device says, and who holds it now
SELECT cameras.ptz, held_by, locks.since, until
FROM cameras LEFT JOIN ptz_locks AS locks
    ON locks.device_id = cameras.device_id AND locks.camera_id = cameras.camera_id AND until > %(now)s
WHERE cameras.device_id = %(device_id)s AND cameras.camera_id = %(camera_id)s;

-- hold --
-- Let this person turn the camera for a while; nothing where another holds it and is not to be replaced
INSERT INTO ptz_locks AS known (device_id, camera_id, held_by, since, until)
VALUES (%(device_id)s, %(camera_id)s, %(held_by)s, %(now)s, %(until)s)
ON CONFLICT (device_id, camera_id) DO UPDATE SET
    held_by = excluded.held_by, until = excluded.until,
    since = CASE WHEN known.held_by = excluded.held_by AND known.until > %(now)s THEN known.since ELSE %(now)s END
WHERE known.held_by = excluded.held_by OR known.until <= %(now)s OR %(take_over)s
RETURNING held_by;

-- forget_old --
-- Who held a camera a day ago is in the audit
DELETE FROM ptz_locks WHERE until < %(before)s;

-- release --
-- Let others turn it
DELETE FROM ptz_locks
WHERE device_id = %(device_id)s AND camera_id = %(camera_id)s AND held_by = %(held_by)s AND until > %(now)s;

-- given_lately --
-- How many orders this person gave since then
SELECT count(*) FROM commands WHERE issued_by = %(issued_by)s AND issued_at > %(since)s AND kind = 'ptz';
