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

-- has_flight --
-- Whether there is such a flight
SELECT 1 FROM flights WHERE flight_id = %(flight_id)s;

-- add --
-- A new hold
INSERT INTO holds (hold_id, object_kind, alert_id, evidence_id, device_id, camera_id, held_from, held_to, flight_id,
                   reason, held_by, held_at, until)
VALUES (%(hold_id)s, %(object_kind)s, %(alert_id)s, %(evidence_id)s, %(device_id)s, %(camera_id)s, %(held_from)s,
        %(held_to)s, %(flight_id)s, %(reason)s, %(held_by)s, %(now)s, %(until)s);

-- items --
-- Holds with what they are of, the newest first; the cursor is the last one of the page before
SELECT held.hold_id, held.object_kind, coalesce(held.alert_id, about.alert_id) AS alert_id, held.evidence_id,
    coalesce(held.device_id, about.device_id, evidence.device_id) AS device_id,
    coalesce(held.camera_id, about.camera_id, evidence.camera_id) AS camera_id,
    cameras.name AS camera_name, about.rule, about.opened_at, evidence.kind AS evidence_kind,
    held.held_from, held.held_to, held.flight_id, held.reason, held.held_by, held.held_at, held.until, held.state,
    held.released_at, held.released_by, held.release_reason
FROM (
    SELECT holds.*,
        CASE WHEN released_at IS NOT NULL THEN 'released' WHEN until <= %(now)s THEN 'expired' ELSE 'open' END AS state
    FROM holds
) AS held
LEFT JOIN evidence ON evidence.evidence_id = held.evidence_id
LEFT JOIN LATERAL (
    SELECT alerts.* FROM alerts WHERE alerts.alert_id = held.alert_id
    UNION ALL
    SELECT alerts.* FROM alerts WHERE alerts.device_id = evidence.device_id AND alerts.event_id = evidence.event_id
) AS about ON true
LEFT JOIN cameras ON cameras.device_id = coalesce(held.device_id, about.device_id, evidence.device_id)
    AND cameras.camera_id = coalesce(held.camera_id, about.camera_id, evidence.camera_id)
WHERE (%(hold_id)s::uuid IS NULL OR held.hold_id = %(hold_id)s)
    AND (%(object_kind)s::text IS NULL OR held.object_kind = %(object_kind)s)
    AND (%(state)s::text IS NULL OR held.state = %(state)s)
    AND (%(protecting)s::uuid IS NULL OR 'hold ' || held.hold_id IN (
        SELECT because FROM protected_alerts(%(now)s) AS protected WHERE protected.alert_id = %(protecting)s))
    AND (%(search)s::text IS NULL OR strpos(
        lower(concat_ws(' ', held.reason, held.held_by, held.release_reason, held.released_by, cameras.name)),
        lower(%(search)s)) > 0)
    AND (%(before)s::uuid IS NULL OR held.hold_id < %(before)s)
ORDER BY held.hold_id DESC
LIMIT %(limit)s;

-- release --
-- End a hold; no row where it was released before, or never was
UPDATE holds SET released_at = %(now)s, released_by = %(released_by)s, release_reason = %(reason)s
WHERE hold_id = %(hold_id)s AND released_at IS NULL
RETURNING object_kind;
