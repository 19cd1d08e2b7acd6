-- keep_retention_out --
-- What retention is about to remove is removed before this, or is seen to be held: it waits until this transaction ends
SELECT pg_advisory_xact_lock_shared(%(lock)s);

-- has_alert --
-- Whether there is such an alert
SELECT 1 FROM alerts WHERE alert_id = %(alert_id)s;

-- has_evidence --
-- Whether there is such a file, or one is announced
SELECT 1 FROM evidence WHERE evidence_id = %(evidence_id)s AND erased_at IS NULL;

-- has_camera --
-- Whether there is such a camera
SELECT 1 FROM cameras WHERE device_id = %(device_id)s AND camera_id = %(camera_id)s;

-- add --
-- A new hold
INSERT INTO holds (hold_id, object_kind, alert_id, evidence_id, device_id, camera_id, held_from, held_to, reason,
                   held_by, held_at, until)
VALUES (%(hold_id)s, %(object_kind)s, %(alert_id)s, %(evidence_id)s, %(device_id)s, %(camera_id)s, %(held_from)s,
        %(held_to)s, %(reason)s, %(held_by)s, %(now)s, %(until)s);

-- items --
-- Holds, the newest first; the cursor is the last one of the page before
SELECT hold_id, object_kind, alert_id, evidence_id, device_id, camera_id, held_from, held_to, reason, held_by, held_at,
    until, released_at, released_by, release_reason,
    released_at IS NULL AND coalesce(until > %(now)s, true) AS in_force
FROM holds
WHERE (%(hold_id)s::uuid IS NULL OR hold_id = %(hold_id)s)
    AND (%(alert_id)s::uuid IS NULL OR alert_id = %(alert_id)s)
    AND (%(evidence_id)s::uuid IS NULL OR evidence_id = %(evidence_id)s)
    AND (%(in_force)s::boolean IS NULL
         OR %(in_force)s = (released_at IS NULL AND coalesce(until > %(now)s, true)))
    AND (%(before)s::uuid IS NULL OR hold_id < %(before)s)
ORDER BY hold_id DESC
LIMIT %(limit)s;

-- release --
-- End a hold; no row where it was released before, or never was
UPDATE holds SET released_at = %(now)s, released_by = %(released_by)s, release_reason = %(reason)s
WHERE hold_id = %(hold_id)s AND released_at IS NULL
RETURNING object_kind;
