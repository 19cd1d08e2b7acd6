-- lock --
-- What is known of a file, held until this transaction ends
SELECT device_id, event_id, command_id, sha256, bytes, media_type, announced_at IS NOT NULL AS announced, received_at IS NOT NULL AS received
FROM evidence
WHERE evidence_id = %(evidence_id)s
FOR UPDATE;

-- known --
-- What is known of a file
SELECT device_id, event_id, command_id, sha256, bytes, media_type, announced_at IS NOT NULL AS announced, received_at IS NOT NULL AS received
FROM evidence
WHERE evidence_id = %(evidence_id)s;

-- waiting --
-- How many early files of a device wait unseen for their announcement, and their bytes
SELECT count(*), coalesce(sum(bytes), 0)
FROM evidence
WHERE device_id = %(device_id)s AND announced_at IS NULL;

-- add_early --
-- A file came before its announcement; no row where that came in the meantime
INSERT INTO evidence (evidence_id, device_id, sha256, bytes, received_at)
VALUES (%(evidence_id)s, %(device_id)s, %(sha256)s, %(bytes)s, %(now)s)
ON CONFLICT DO NOTHING
RETURNING evidence_id;

-- set_received --
-- The announced file is in the store
UPDATE evidence SET received_at = %(now)s WHERE evidence_id = %(evidence_id)s;

-- alert_of --
-- The alert that shows a file
SELECT alert_id FROM alerts WHERE device_id = %(device_id)s AND event_id = %(event_id)s;

-- stored --
-- A file that people may see, and the alert or command that it belongs to
SELECT evidence_id, evidence.kind, media_type, sha256, bytes, evidence.camera_id, evidence.device_id, evidence.event_id,
    evidence.source_id, alerts.alert_id, alerts.state AS alert_state, evidence.command_id, commands.reason AS command_reason,
    evidence.erased_at IS NOT NULL AS erased,
    (
        SELECT min(coalesce(beside.captured_from, beside.captured_to, beside.announced_at)) FROM evidence AS beside
        WHERE beside.device_id = evidence.device_id
            AND (beside.event_id = evidence.event_id OR beside.command_id = evidence.command_id
                 OR beside.evidence_id = evidence.evidence_id)
    ) AS seen_from,
    (
        SELECT max(coalesce(beside.captured_to, beside.captured_from, beside.announced_at)) FROM evidence AS beside
        WHERE beside.device_id = evidence.device_id
            AND (beside.event_id = evidence.event_id OR beside.command_id = evidence.command_id
                 OR beside.evidence_id = evidence.evidence_id)
    ) AS seen_to,
    coalesce(captured_from, captured_to, announced_at) AS captured_from,
    coalesce(captured_to, captured_from, announced_at) AS captured_to
FROM evidence
LEFT JOIN alerts ON alerts.alert_id = evidence.clip_alert_id
    OR (alerts.device_id = evidence.device_id AND alerts.event_id = evidence.event_id)
LEFT JOIN commands ON commands.command_id = evidence.command_id
WHERE evidence_id = %(evidence_id)s AND announced_at IS NOT NULL AND evidence.received_at IS NOT NULL;

-- is_written_down --
-- Whether this session's opening of a file for this reason was written down lately
SELECT 1
FROM audit
WHERE object_kind = 'evidence' AND object_id = %(evidence_id)s AND action = %(action)s AND at > %(since)s
    AND detail ->> 'session' = %(session)s AND reason = %(reason)s
LIMIT 1;

-- expired_early --
-- Early files that nothing ever announced
DELETE FROM evidence
WHERE evidence_id IN (
    SELECT evidence_id FROM evidence
    WHERE announced_at IS NULL AND received_at < %(before)s
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
RETURNING sha256;

-- lock_content --
-- Nobody else adds or removes a file of this content until this transaction ends
SELECT pg_advisory_xact_lock(hashtextextended(%(sha256)s, 0));

-- expired_copies --
-- Copies that were only to be looked at, whose time is over
UPDATE evidence SET erased_at = %(now)s
WHERE evidence_id IN (
    SELECT evidence_id FROM evidence
    WHERE expires_at <= %(now)s AND erased_at IS NULL AND received_at IS NOT NULL
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
RETURNING evidence_id, sha256, command_id;

-- keep --
-- A copy that was only to be looked at is kept from now on; no row where it is gone or was never here
UPDATE evidence SET expires_at = NULL
WHERE evidence_id = %(evidence_id)s AND announced_at IS NOT NULL AND received_at IS NOT NULL AND erased_at IS NULL
RETURNING command_id;
