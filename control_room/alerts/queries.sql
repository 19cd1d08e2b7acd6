-- page --
-- One page of alerts, the newest first; the cursor is the last row of the page before
SELECT *
FROM alert_items
WHERE (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
    AND (%(rule)s::text IS NULL OR rule = %(rule)s)
    AND (%(camera_id)s::text IS NULL OR camera_id = %(camera_id)s)
    AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s)
    AND (%(since)s::timestamptz IS NULL OR opened_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR opened_at < %(until)s)
    AND (%(before_at)s::timestamptz IS NULL OR (opened_at, alert_id) < (%(before_at)s, %(before_id)s::uuid))
ORDER BY opened_at DESC, alert_id DESC
LIMIT %(limit)s;

-- page_in_box --
-- The same of the alerts in a box of the map. Goes from one cell that has alerts to the next, by the index alerts_by_place,
-- and takes the newest of each: the work grows with the cells that the box shows, not with the alerts in them
WITH RECURSIVE box AS (
    SELECT map_cell(%(south)s, %(west)s) AS first, map_cell(%(north)s, %(east)s) AS last,
        map_cell(%(south)s, %(west)s) %% 36001 AS west, map_cell(%(north)s, %(east)s) %% 36001 AS east
), cells (cell) AS (
    SELECT (
        SELECT map_cell(lat, lon) FROM alerts WHERE lat IS NOT NULL AND map_cell(lat, lon) >= box.first
        ORDER BY map_cell(lat, lon) LIMIT 1
    )
    FROM box
    UNION ALL
    SELECT (
        SELECT map_cell(lat, lon) FROM alerts
        WHERE lat IS NOT NULL AND map_cell(lat, lon) >= CASE
            WHEN cell %% 36001 < box.west THEN cell - cell %% 36001 + box.west
            WHEN cell %% 36001 < box.east THEN cell + 1
            ELSE cell - cell %% 36001 + 36001 + box.west
        END
        ORDER BY map_cell(lat, lon) LIMIT 1
    )
    FROM cells CROSS JOIN box
    WHERE cell < box.last
), newest AS (
    SELECT found.alert_id
    FROM cells
    CROSS JOIN box
    CROSS JOIN LATERAL (
        SELECT alert_id, opened_at
        FROM alerts
        WHERE lat IS NOT NULL AND map_cell(lat, lon) = cell
            AND lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s
            AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
            AND (%(rule)s::text IS NULL OR rule = %(rule)s)
            AND (%(camera_id)s::text IS NULL OR camera_id = %(camera_id)s)
            AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s)
            AND (%(since)s::timestamptz IS NULL OR opened_at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR opened_at < %(until)s)
            AND (%(before_at)s::timestamptz IS NULL OR (opened_at, alert_id) < (%(before_at)s, %(before_id)s::uuid))
        ORDER BY opened_at DESC, alert_id DESC
        LIMIT %(limit)s
    ) AS found
    WHERE cell %% 36001 BETWEEN box.west AND box.east AND cell <= box.last
    ORDER BY found.opened_at DESC, found.alert_id DESC
    LIMIT %(limit)s
)
SELECT alert_items.*
FROM newest JOIN alert_items USING (alert_id)
ORDER BY opened_at DESC, alert_id DESC;

-- item --
-- One alert as lists and stream show it
SELECT * FROM alert_items WHERE alert_id = %(alert_id)s;

-- parts --
-- What the detail of an alert has beside its item
SELECT attributes, model FROM alerts WHERE alert_id = %(alert_id)s;

-- evidence --
-- Files that the event's messages announced, and clips that were taken for it, in the order of their capture
SELECT evidence_id, evidence.kind, media_type, sha256, bytes, captured_from, captured_to,
    evidence.received_at IS NOT NULL AND erased_at IS NULL AS available
FROM evidence
JOIN alerts ON alerts.alert_id = evidence.clip_alert_id
    OR (alerts.device_id = evidence.device_id AND alerts.event_id = evidence.event_id)
WHERE alerts.alert_id = %(alert_id)s AND announced_at IS NOT NULL
ORDER BY captured_from, evidence_id;

-- traces --
-- Messages of an alert's event in the order of their writing: by their ids their traces are known
SELECT message_id FROM events JOIN alerts USING (device_id, event_id)
WHERE alert_id = %(alert_id)s
ORDER BY outbox_id, sequence
LIMIT 20;

-- history --
-- Who did what to an alert, the first first
SELECT at, actor, action, reason, note FROM alert_history WHERE alert_id = %(alert_id)s ORDER BY history_id;

-- lock --
-- The state of an alert, held until this transaction ends
SELECT state, version, shelved_from FROM alerts WHERE alert_id = %(alert_id)s FOR UPDATE;

-- change --
-- Bring an alert to another state
UPDATE alerts
SET state = %(state)s, version = version + 1, close_reason = %(close_reason)s, shelved_until = %(shelved_until)s,
    shelved_from = %(shelved_from)s, updated_at = %(now)s
WHERE alert_id = %(alert_id)s;

-- note --
-- An act that leaves the state as it is
UPDATE alerts SET version = version + 1, updated_at = %(now)s WHERE alert_id = %(alert_id)s;

-- add_history --
-- Write down an act on an alert
INSERT INTO alert_history (alert_id, at, actor_kind, actor, action, reason, note, state, version)
VALUES (%(alert_id)s, %(now)s, %(actor_kind)s, %(actor)s, %(word)s, %(reason)s, %(note)s, %(state)s, %(version)s);

-- due --
-- Shelved alerts whose time is up; rows that another process works on are left to it
SELECT alert_id, version, shelved_from
FROM alerts
WHERE state = 'shelved' AND shelved_until <= %(now)s
ORDER BY shelved_until
LIMIT 100
FOR UPDATE SKIP LOCKED;

-- open_items --
-- Alerts that are not closed, the newest first, as a screen begins with them
SELECT * FROM alert_items WHERE state <> 'closed' ORDER BY opened_at DESC, alert_id DESC LIMIT %(limit)s;

-- count_by_state --
-- How many alerts are in each state
SELECT state, count(*) FROM alerts GROUP BY state;
