-- device --
-- A device that may speak, and whether it is there
SELECT online FROM devices WHERE device_id = %(device_id)s AND revoked_at IS NULL;

-- has_camera --
-- Whether the device has ever had this camera
SELECT 1 FROM cameras WHERE device_id = %(device_id)s AND camera_id = %(camera_id)s;

-- given_lately --
-- How many commands this person gave since then
SELECT count(*) FROM commands WHERE issued_by = %(issued_by)s AND issued_at > %(since)s;

-- add --
-- A command that waits to be sent
INSERT INTO commands (command_id, device_id, camera_id, kind, arguments, reason, issued_by, issued_at, expires_at,
                      message, send_at)
VALUES (%(command_id)s, %(device_id)s, %(camera_id)s, %(kind)s, %(arguments)s, %(reason)s, %(issued_by)s,
        %(issued_at)s, %(expires_at)s, %(message)s, %(issued_at)s);

-- items --
-- Commands as lists and stream show them
SELECT * FROM command_items WHERE command_id = ANY(%(command_ids)s) ORDER BY command_id;

-- page --
-- One page of a device's commands, the newest first; the cursor is the last row of the page before
SELECT *
FROM command_items
WHERE device_id = %(device_id)s
    AND (%(camera_id)s::text IS NULL OR camera_id = %(camera_id)s)
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(before)s::uuid IS NULL OR command_id < %(before)s)
ORDER BY command_id DESC
LIMIT %(limit)s;

-- result --
-- What the device answered
SELECT result FROM commands WHERE command_id = %(command_id)s;

-- files --
-- Files that its answer announced, in the order of their capture
SELECT evidence_id, kind, media_type, sha256, bytes, captured_from, captured_to, received_at, expires_at, erased_at,
    CASE WHEN received_at IS NOT NULL AND erased_at IS NULL THEN '/api/v1/evidence/' || evidence_id END AS url
FROM evidence
WHERE command_id = %(command_id)s
ORDER BY captured_from, evidence_id;

-- holds --
-- Holds that were asked for, did not fail, and were not released since
SELECT arguments ->> 'hold_id' AS hold_id, command_id, camera_id, arguments ->> 'from' AS from, arguments ->> 'to' AS to,
    arguments ->> 'reason' AS reason, arguments ->> 'until' AS until, issued_by AS held_by, state
FROM commands AS hold
WHERE device_id = %(device_id)s AND kind = 'recording_hold' AND state NOT IN ('failed', 'expired')
    AND (%(camera_id)s::text IS NULL OR camera_id = %(camera_id)s)
    AND coalesce((arguments ->> 'until')::timestamptz > %(now)s, true)
    AND NOT EXISTS (
        SELECT FROM commands AS released
        WHERE released.device_id = hold.device_id AND released.kind = 'recording_release'
            AND released.state = 'answered' AND released.arguments ->> 'hold_id' = hold.arguments ->> 'hold_id'
    )
ORDER BY command_id DESC
LIMIT 500;

-- owners --
-- Which of these commands were given to whom
SELECT command_id, device_id FROM commands WHERE command_id = ANY(%(command_ids)s);

-- lock --
-- A command that is not ended, or expired before the answer came; held until this transaction ends
SELECT kind, camera_id, arguments, reason, issued_by
FROM commands
WHERE command_id = %(command_id)s AND state NOT IN ('answered', 'failed')
FOR UPDATE;

-- tell --
-- How far the device is
UPDATE commands SET state = 'working', progress = %(progress)s, heard_at = %(now)s WHERE command_id = %(command_id)s;

-- end --
-- What became of it
UPDATE commands SET state = %(state)s, error = %(error)s, result = %(result)s, ended_at = %(now)s, heard_at = %(now)s,
    progress = CASE WHEN progress IS NOT NULL AND %(state)s = 'answered' THEN 1 ELSE progress END
WHERE command_id = %(command_id)s;

-- announce --
-- A file that an answer names; one that came before it is seen from now on, if it is the same file
INSERT INTO evidence AS known (evidence_id, device_id, camera_id, command_id, kind, media_type, sha256, bytes,
                               captured_from, captured_to, announced_at, expires_at)
VALUES (%(evidence_id)s, %(device_id)s, %(camera_id)s, %(command_id)s, %(kind)s, %(media_type)s, %(sha256)s, %(bytes)s,
        %(captured_from)s, %(captured_to)s, %(now)s, %(expires_at)s)
ON CONFLICT (evidence_id) DO UPDATE SET
    camera_id = excluded.camera_id, command_id = excluded.command_id, kind = excluded.kind,
    media_type = excluded.media_type, sha256 = excluded.sha256, bytes = excluded.bytes,
    captured_from = excluded.captured_from, captured_to = excluded.captured_to, announced_at = excluded.announced_at,
    expires_at = excluded.expires_at,
    received_at = CASE
        WHEN known.sha256 = excluded.sha256 AND known.bytes = excluded.bytes THEN known.received_at
    END
WHERE known.announced_at IS NULL AND known.device_id = excluded.device_id;

-- take_due --
-- Commands that are to be sent now; another worker takes others
SELECT command_id, device_id, message, times_sent
FROM commands
WHERE state IN ('queued', 'sent') AND send_at <= %(now)s AND expires_at > %(now)s
ORDER BY send_at
LIMIT 50
FOR UPDATE SKIP LOCKED;

-- set_sent --
-- It was given to the broker; without a word of the device it is sent again
UPDATE commands SET state = 'sent', times_sent = times_sent + 1, send_at = %(again_at)s
WHERE command_id = %(command_id)s;

-- expire --
-- Commands of which nothing came in their time, or no more
UPDATE commands SET state = 'expired', ended_at = %(now)s,
    error = CASE WHEN state = 'working' THEN 'the device says nothing more of it' ELSE 'the device did not answer' END
WHERE state IN ('queued', 'sent') AND expires_at < %(unheard)s OR state = 'working' AND heard_at < %(silent)s
RETURNING command_id;
