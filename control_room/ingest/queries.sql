-- prepare_incoming --
-- Where a batch of event messages lies before it is merged; a connection's own, empty again after each transaction
CREATE TEMP TABLE IF NOT EXISTS incoming (
    event_id uuid, outbox_id uuid, sequence bigint, occurred_at timestamptz, message_id uuid, device_id text,
    camera_id text, rule text, phase text, severity text, sent_at timestamptz, received_at timestamptz,
    message jsonb, device_time timestamptz, time_fault text, new_alert_id uuid
) ON COMMIT DELETE ROWS;

-- prepare_fresh --
-- Those messages of the batch that were not stored before
CREATE TEMP TABLE IF NOT EXISTS fresh (
    event_id uuid, outbox_id uuid, sequence bigint, occurred_at timestamptz, device_id text, camera_id text, rule text,
    phase text
) ON COMMIT DELETE ROWS;

-- end_where_silent --
-- The server ends this connection where it says nothing for so long in the midst of a transaction: it holds locks then
SELECT set_config('idle_in_transaction_session_timeout', %(milliseconds)s::text, false);

-- copy_incoming --
-- The batch itself, in PostgreSQL's binary form
COPY incoming FROM STDIN (FORMAT BINARY);

-- take_turns --
-- A message whose time is off is looked up and stored while no other worker stores any of its device: the same message
-- may be in time there. Devices share 64 locks, taken in the same order by all
SELECT CASE WHEN alone THEN pg_advisory_xact_lock(%(lock)s::int, turn)
    ELSE pg_advisory_xact_lock_shared(%(lock)s::int, turn) END
FROM (
    SELECT abs(hashtext(device_id) %% 64) AS turn, bool_or(alone) AS alone
    FROM unnest(%(device_ids)s::text[], %(alone)s::boolean[]) AS speaking (device_id, alone)
    GROUP BY turn ORDER BY turn
) AS turns;

-- drop_known_in_time --
-- Messages whose time is off by now, and which were stored while it was not
DELETE FROM incoming
WHERE time_fault IS NOT NULL AND (
    SELECT true FROM events
    WHERE events.event_id = incoming.event_id AND events.outbox_id = incoming.outbox_id
        AND events.sequence = incoming.sequence AND events.occurred_at = incoming.device_time
);

-- store_events --
-- Store what is new of the batch, in which no key is twice; a redelivery finds its key and is dropped: in events, among
-- those that stand there under another time, or among those that retention took away
WITH new AS (
    SELECT *
    FROM incoming
    WHERE (
        SELECT true FROM displaced_events AS displaced
        WHERE displaced.event_id = incoming.event_id AND displaced.outbox_id = incoming.outbox_id
            AND displaced.sequence = incoming.sequence
    ) IS NULL AND (
        SELECT retired.sequences @> incoming.sequence FROM retired_sequences AS retired
        WHERE retired.device_id = incoming.device_id AND retired.outbox_id = incoming.outbox_id
    ) IS NOT TRUE
    ORDER BY event_id, outbox_id, sequence
), stored AS (
    INSERT INTO events (event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
                        severity, sent_at, received_at, message, device_time, time_fault)
    SELECT event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
           severity, sent_at, received_at, message, device_time, time_fault
    FROM new
    ON CONFLICT DO NOTHING
    RETURNING event_id, outbox_id, sequence, occurred_at, device_id, camera_id, rule, phase, time_fault
), displaced AS (
    INSERT INTO displaced_events (event_id, outbox_id, sequence, occurred_at)
    SELECT event_id, outbox_id, sequence, occurred_at FROM stored WHERE time_fault IS NOT NULL
)
INSERT INTO fresh SELECT event_id, outbox_id, sequence, occurred_at, device_id, camera_id, rule, phase FROM stored;

-- drop_stale --
-- Of the batch only what was new stays, and takes part in alerts
DELETE FROM incoming WHERE NOT EXISTS (
    SELECT FROM fresh
    WHERE fresh.event_id = incoming.event_id AND fresh.outbox_id = incoming.outbox_id
        AND fresh.sequence = incoming.sequence
);

-- count_events --
-- What the batch adds to the counts by the hour; nothing where TimescaleDB counts by itself
INSERT INTO event_count_changes (hour, device_id, camera_id, rule, opened, messages)
SELECT date_trunc('hour', occurred_at, 'UTC'), device_id, camera_id, rule, count(*) FILTER (WHERE phase = 'opened'),
    count(*)
FROM fresh
WHERE to_regclass('event_counts_by_camera') IS NULL
GROUP BY 1, 2, 3, 4;

-- note_outboxes --
-- How far each outbox of the batch has come: the room asks again for what is missing below that
INSERT INTO outboxes AS known (device_id, outbox_id, greatest)
SELECT device_id, outbox_id, max(sequence)
FROM fresh
GROUP BY device_id, outbox_id
ORDER BY device_id, outbox_id
ON CONFLICT (device_id, outbox_id) DO UPDATE SET greatest = excluded.greatest
WHERE excluded.greatest > known.greatest;

-- registered --
-- Which of these devices are known, and whether they may still speak
SELECT device_id, revoked_at IS NULL FROM devices WHERE device_id = ANY(%(device_ids)s);

-- add_cameras --
-- Cameras that nobody named before; in their order, as all that follows, so that no two workers wait for each other
INSERT INTO cameras (device_id, camera_id, name, created_at, updated_at)
SELECT device_id, camera_id, camera_id, %(now)s::timestamptz, %(now)s::timestamptz
FROM unnest(%(device_ids)s::text[], %(camera_ids)s::text[]) AS named (device_id, camera_id)
ORDER BY 1, 2
ON CONFLICT DO NOTHING
RETURNING device_id, camera_id;

-- tell_alerts --
-- Merge new messages into their alerts: the result depends on which messages came, not on their order. Of an event's
-- messages the one with the greatest (not closed, outbox, sequence) describes it; opened_at is the opened message's,
-- over_since the last closed one's
WITH told AS (
    SELECT incoming.*,
        coalesce(min(occurred_at) FILTER (WHERE phase = 'opened') OVER event, min(occurred_at) OVER event) AS opened_at,
        bool_or(phase = 'opened') OVER event AS opened_seen,
        max(occurred_at) FILTER (WHERE phase = 'closed') OVER event AS over_since,
        min(received_at) OVER event AS first_received_at,
        max(time_fault) OVER event AS worst_fault,
        bool_or(coalesce((message#>>'{attributes,staged}')::boolean, false)) OVER event AS staged
    FROM incoming
    WINDOW event AS (PARTITION BY device_id, event_id)
), describing AS (
    SELECT DISTINCT ON (device_id, event_id) *
    FROM told ORDER BY device_id, event_id, phase <> 'closed' DESC, outbox_id DESC, sequence DESC
)
INSERT INTO alerts AS alert (
    alert_id, event_id, device_id, camera_id, rule, severity, confidence, opened_at, over_since, received_at,
    updated_at, zone, lat, lon, accuracy_m, staged, objects, attributes, model, told_closed, told_outbox_id,
    told_sequence, opened_seen, time_fault
)
SELECT
    new_alert_id, event_id, device_id, camera_id, rule, severity, (message->>'confidence')::double precision, opened_at,
    over_since, first_received_at, %(now)s::timestamptz, message->>'zone',
    (message#>>'{location,lat}')::double precision, (message#>>'{location,lon}')::double precision,
    (message#>>'{location,accuracy_m}')::double precision,
    staged OR (
        SELECT cameras.staged FROM cameras
        WHERE cameras.device_id = describing.device_id AND cameras.camera_id = describing.camera_id
    ),
    message->'objects', message->'attributes', message->'model', phase = 'closed', outbox_id, sequence, opened_seen,
    worst_fault
FROM describing
ORDER BY device_id, event_id
ON CONFLICT (device_id, event_id) DO UPDATE SET
    (camera_id, rule, severity, confidence, zone, lat, lon, accuracy_m, objects, attributes, model, told_closed,
     told_outbox_id, told_sequence) = (
        SELECT camera_id, rule, severity, confidence, zone, lat, lon, accuracy_m, objects, attributes, model,
               told_closed, told_outbox_id, told_sequence
        FROM (VALUES
            (alert.camera_id, alert.rule, alert.severity, alert.confidence, alert.zone, alert.lat, alert.lon,
             alert.accuracy_m, alert.objects, alert.attributes, alert.model, alert.told_closed, alert.told_outbox_id,
             alert.told_sequence),
            (excluded.camera_id, excluded.rule, excluded.severity, excluded.confidence, excluded.zone, excluded.lat,
             excluded.lon, excluded.accuracy_m, excluded.objects, excluded.attributes, excluded.model,
             excluded.told_closed, excluded.told_outbox_id, excluded.told_sequence)
        ) AS candidates (camera_id, rule, severity, confidence, zone, lat, lon, accuracy_m, objects, attributes, model,
                         told_closed, told_outbox_id, told_sequence)
        ORDER BY NOT told_closed DESC, told_outbox_id DESC, told_sequence DESC
        LIMIT 1
    ),
    opened_at = CASE
        WHEN alert.opened_seen = excluded.opened_seen THEN least(alert.opened_at, excluded.opened_at)
        WHEN alert.opened_seen THEN alert.opened_at
        ELSE excluded.opened_at
    END,
    opened_seen = alert.opened_seen OR excluded.opened_seen,
    over_since = greatest(alert.over_since, excluded.over_since),
    received_at = least(alert.received_at, excluded.received_at),
    staged = alert.staged OR excluded.staged,
    time_fault = greatest(alert.time_fault, excluded.time_fault),
    updated_at = excluded.updated_at
RETURNING alert_id;

-- add_device_history --
-- The two things a device does to an alert, each once: open it, and say that its event is over
INSERT INTO alert_history (alert_id, at, actor_kind, actor, action, state, version)
SELECT alert_id, %(now)s::timestamptz, 'device', device_id, action, state, version
FROM alerts
CROSS JOIN LATERAL (VALUES (1, 'opened'), (2, 'over')) AS acts (place, action)
WHERE alert_id = ANY(%(alert_ids)s)
    AND (action = 'opened' OR over_since IS NOT NULL)
    AND (
        SELECT true FROM alert_history AS had
        WHERE had.alert_id = alerts.alert_id AND had.action = acts.action
        LIMIT 1
    ) IS NULL
ORDER BY opened_at, alert_id, place;

-- announce_evidence --
-- Files that new messages name; a file that came before its message is seen from now on, if it is the same file
INSERT INTO evidence AS known (evidence_id, device_id, camera_id, event_id, kind, media_type, sha256, bytes,
                               captured_from, captured_to, announced_at)
SELECT DISTINCT ON (file.evidence_id)
    file.evidence_id, device_id, camera_id, event_id, file.kind, file.media_type, file.sha256, file.bytes,
    file.captured_from, file.captured_to, %(now)s::timestamptz
FROM incoming
CROSS JOIN LATERAL jsonb_to_recordset(message->'evidence') AS file (
    evidence_id uuid, kind text, media_type text, sha256 text, bytes bigint, captured_from timestamptz,
    captured_to timestamptz)
WHERE message->'evidence' <> '[]'
ORDER BY file.evidence_id, outbox_id, sequence
ON CONFLICT (evidence_id) DO UPDATE SET
    camera_id = excluded.camera_id, event_id = excluded.event_id, kind = excluded.kind,
    media_type = excluded.media_type, sha256 = excluded.sha256, bytes = excluded.bytes,
    captured_from = excluded.captured_from, captured_to = excluded.captured_to, announced_at = excluded.announced_at,
    received_at = CASE
        WHEN known.sha256 = excluded.sha256 AND known.bytes = excluded.bytes THEN known.received_at
    END
WHERE known.announced_at IS NULL AND known.device_id = excluded.device_id;

-- set_device_status --
-- What a status, or a last will, says of the device itself
UPDATE devices SET
    online = %(online)s,
    online_since = CASE WHEN online = %(online)s AND online_since IS NOT NULL THEN online_since ELSE %(now)s END,
    version = %(version)s,
    alarms = coalesce(%(alarms)s, alarms)
WHERE device_id = %(device_id)s
    AND (online, version, alarms) IS DISTINCT FROM (%(online)s, %(version)s, coalesce(%(alarms)s, alarms))
RETURNING device_id;

-- set_camera_status --
-- A camera as its device says it stands; nothing where it stood so already
INSERT INTO cameras AS known (device_id, camera_id, name, state, reason, since, lat, lon, accuracy_m, purpose,
                              legal_regime, staged, last_frame_at, ptz, created_at, updated_at)
VALUES (%(device_id)s, %(camera_id)s, %(name)s, %(state)s, %(reason)s, %(since)s, %(lat)s, %(lon)s, %(accuracy_m)s,
        %(purpose)s, %(legal_regime)s, %(staged)s, %(last_frame_at)s, %(ptz)s, %(now)s, %(now)s)
ON CONFLICT (device_id, camera_id) DO UPDATE SET
    name = excluded.name, state = excluded.state, reason = excluded.reason, since = excluded.since,
    lat = excluded.lat, lon = excluded.lon, accuracy_m = excluded.accuracy_m, purpose = excluded.purpose,
    legal_regime = excluded.legal_regime, staged = excluded.staged, last_frame_at = excluded.last_frame_at,
    ptz = excluded.ptz, updated_at = excluded.updated_at
WHERE (known.name, known.state, known.reason, known.since, known.lat, known.lon, known.accuracy_m, known.purpose,
       known.legal_regime, known.staged, known.last_frame_at, known.ptz)
    IS DISTINCT FROM
      (excluded.name, excluded.state, excluded.reason, excluded.since, excluded.lat, excluded.lon,
       excluded.accuracy_m, excluded.purpose, excluded.legal_regime, excluded.staged, excluded.last_frame_at,
       excluded.ptz)
RETURNING camera_id;

-- set_cameras_aside --
-- Cameras that their device does not speak for now: it is away, or it names them no more
UPDATE cameras SET state = %(state)s, reason = %(reason)s, since = %(now)s, updated_at = %(now)s
WHERE device_id = %(device_id)s AND state <> %(state)s AND camera_id <> ALL(%(reported)s)
RETURNING camera_id;

-- add_metrics --
-- Measurements of devices; again is harmless
INSERT INTO device_metrics (device_id, at, received_at, metrics, device_time)
SELECT device_id, at, received_at, metrics::jsonb, device_time
FROM unnest(%(device_ids)s::text[], %(times)s::timestamptz[], %(received_at)s::timestamptz[], %(metrics)s::text[],
            %(device_times)s::timestamptz[]) AS measured (device_id, at, received_at, metrics, device_time)
ORDER BY 1, 2
ON CONFLICT DO NOTHING
RETURNING device_id, at;

-- set_device_metrics --
-- The newest word on outbox and clock
UPDATE devices SET pending = said.pending, clock_offset_s = coalesce(said.clock_offset_s, devices.clock_offset_s)
FROM unnest(%(device_ids)s::text[], %(pending)s::bigint[], %(clock_offsets_s)s::double precision[])
    AS said (device_id, pending, clock_offset_s)
WHERE devices.device_id = said.device_id;

-- wake_devices --
-- Devices that were taken to be away measure themselves again
UPDATE devices SET online = true, online_since = %(now)s WHERE device_id = ANY(%(device_ids)s) AND NOT online
RETURNING device_id;

-- wake_cameras --
-- Their cameras until their next status
UPDATE cameras SET state = 'unknown', reason = 'its device is back', since = %(now)s, updated_at = %(now)s
WHERE device_id = ANY(%(device_ids)s) AND state = 'offline'
RETURNING device_id, camera_id;

-- set_last_seen --
-- When each device of the batch last spoke, to the second; its last will is the broker's word, not its own. One whose row
-- another worker is at is heard there
WITH due AS (
    SELECT devices.device_id, seen.at
    FROM devices
    JOIN unnest(%(device_ids)s::text[], %(times)s::timestamptz[]) AS seen (device_id, at) USING (device_id)
    WHERE devices.last_seen IS NULL OR devices.last_seen < seen.at - interval '1 s'
    FOR NO KEY UPDATE OF devices SKIP LOCKED
)
UPDATE devices SET last_seen = due.at FROM due WHERE devices.device_id = due.device_id;

-- add_dead_letter --
-- Keep a message that could not be ingested; the same again is counted
INSERT INTO dead_letters (dead_letter_id, fingerprint, received_at, last_received_at, topic, device_id, message_id,
                          outbox_id, sequence, reason, detail, payload, payload_bytes, payload_sha256)
VALUES (%(dead_letter_id)s, %(fingerprint)s, %(received_at)s, %(received_at)s, %(topic)s, %(device_id)s,
        %(message_id)s, %(outbox_id)s, %(sequence)s, %(reason)s, %(detail)s, %(payload)s, %(payload_bytes)s,
        %(payload_sha256)s)
ON CONFLICT (fingerprint) DO UPDATE SET
    times = dead_letters.times + 1, last_received_at = excluded.last_received_at, reason = excluded.reason,
    detail = excluded.detail;

-- count --
-- Add to the totals that /metrics shows
INSERT INTO ingest_counts (outcome, messages)
SELECT * FROM unnest(%(outcomes)s::text[], %(numbers)s::bigint[]) AS more (outcome, messages)
ORDER BY 1
ON CONFLICT (outcome) DO UPDATE SET messages = ingest_counts.messages + excluded.messages;

-- camera_items --
-- The touched cameras as screens show them
SELECT camera_items.* FROM camera_items
JOIN unnest(%(device_ids)s::text[], %(camera_ids)s::text[]) AS touched (device_id, camera_id)
    USING (device_id, camera_id)
ORDER BY device_id, camera_id;

-- device_items --
-- The touched devices as screens show them
SELECT * FROM device_items WHERE device_id = ANY(%(device_ids)s) ORDER BY device_id;

-- silent_devices --
-- Devices that are said to be online and have not said a word for long
UPDATE devices SET online = false, online_since = %(now)s
WHERE online AND coalesce(last_seen, online_since) < %(before)s
RETURNING device_id;

-- try_to_lead --
-- One worker does what only one may do, as long as its connection lives
SELECT pg_try_advisory_lock(%(lock)s);

-- end_hung_leader --
-- End the connection of the worker that leads where the server has waited for its next word for so long. A statement that
-- runs, or waits for another, is no silence
SELECT pg_terminate_backend(holder.pid)
FROM pg_locks AS lead
JOIN pg_stat_activity AS holder USING (pid)
WHERE lead.locktype = 'advisory' AND lead.classid = 0 AND lead.objid = %(lock)s::bigint::oid AND lead.objsubid = 1
    AND lead.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND lead.granted AND holder.pid <> pg_backend_pid()
    AND holder.state_change < clock_timestamp() - %(after)s::interval
    AND (holder.state <> 'active' OR holder.wait_event_type = 'Client');

-- silent_workers --
-- Workers that have not said for long that they live
SELECT worker FROM workers WHERE seen_at < %(before)s AND worker <> %(own)s;

-- forget_worker --
-- A worker that is no more
DELETE FROM workers WHERE worker = %(worker)s;
