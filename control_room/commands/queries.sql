-- device --
-- A device that may speak, and whether it is there
SELECT online FROM devices WHERE device_id = %(device_id)s AND revoked_at IS NULL;

-- has_camera --
-- Whether the device has ever had this camera
SELECT 1 FROM cameras WHERE device_id = %(device_id)s AND camera_id = %(camera_id)s;

-- given_lately --
-- How many commands this person gave since then; what live video and turning cameras order has limits of its own
SELECT count(*) FROM commands
WHERE issued_by = %(issued_by)s AND issued_at > %(since)s AND kind NOT IN ('live_start', 'live_stop', 'ptz');

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

-- settle --
-- Move each outbox on to its first gap, else to its end, and note the gap that is there now; what retention took is none
WITH unsettled AS (
    SELECT device_id, outbox_id, settled FROM outboxes WHERE settled < greatest
), accounted AS (
    SELECT device_id, outbox_id, settled, sequence AS first, sequence AS last
    FROM unsettled JOIN stored_events USING (device_id, outbox_id) WHERE sequence > settled
    UNION
    SELECT device_id, outbox_id, settled, sequence, sequence
    FROM unsettled JOIN dead_letters USING (device_id, outbox_id) WHERE sequence > settled
    UNION
    SELECT device_id, outbox_id, settled, lower(range), upper(range) - 1
    FROM unsettled JOIN retired_sequences USING (device_id, outbox_id) CROSS JOIN LATERAL unnest(sequences) AS gone (range)
    WHERE upper(range) - 1 > settled
), steps AS (
    SELECT device_id, outbox_id, first, last,
        greatest(settled, max(last) OVER (
            PARTITION BY device_id, outbox_id ORDER BY first, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )) AS before
    FROM accounted
), found AS (
    SELECT device_id, outbox_id,
        coalesce(min(before) FILTER (WHERE first > before + 1), max(last)) AS settled,
        max(first - 1) FILTER (WHERE first > before + 1) AS gap_last
    FROM steps GROUP BY device_id, outbox_id
)
UPDATE outboxes SET
    settled = found.settled,
    gap_last = found.gap_last,
    (gap_since, times_asked, ask_at, command_id) = (
        SELECT kept.* FROM (VALUES (outboxes.gap_since, outboxes.times_asked, outboxes.ask_at, outboxes.command_id)) AS kept
        WHERE found.gap_last IS NOT NULL AND found.settled = outboxes.settled AND outboxes.gap_since IS NOT NULL
        UNION ALL
        SELECT %(now)s::timestamptz, 0, %(ask_at)s::timestamptz, NULL::uuid
        WHERE found.gap_last IS NOT NULL AND (found.settled <> outboxes.settled OR outboxes.gap_since IS NULL)
        UNION ALL
        SELECT NULL, 0, NULL, NULL WHERE found.gap_last IS NULL
    )
FROM found
WHERE outboxes.device_id = found.device_id AND outboxes.outbox_id = found.outbox_id;

-- gaps_due --
-- Gaps that are to be asked for now, of devices that are there, with what became of the last asking
SELECT device_id, outbox_id, settled + 1 AS first, gap_last AS last, times_asked,
    (SELECT state FROM commands WHERE commands.command_id = outboxes.command_id) AS asked_state
FROM outboxes
JOIN devices USING (device_id)
WHERE ask_at <= %(now)s AND online AND revoked_at IS NULL
ORDER BY ask_at
LIMIT 20
FOR UPDATE OF outboxes SKIP LOCKED;

-- note_asked --
-- A gap was asked for; when it is to be asked for next, should it stay open
UPDATE outboxes SET times_asked = times_asked + 1, ask_at = %(ask_at)s, command_id = %(command_id)s
WHERE device_id = %(device_id)s AND outbox_id = %(outbox_id)s;

-- give_up --
-- Nobody has these messages any more: go on behind them
UPDATE outboxes SET settled = %(last)s, gap_last = NULL, gap_since = NULL, times_asked = 0, ask_at = NULL,
    command_id = NULL
WHERE device_id = %(device_id)s AND outbox_id = %(outbox_id)s;

-- count_gap --
-- Add to the totals that /metrics shows
INSERT INTO ingest_counts (outcome, messages) VALUES (%(outcome)s, 1)
ON CONFLICT (outcome) DO UPDATE SET messages = ingest_counts.messages + 1;
