-- run_alone --
-- Whether no other process is at it; held by this connection until run_over
SELECT pg_try_advisory_lock(%(lock)s);

-- run_over --
-- Others may
SELECT pg_advisory_unlock(%(lock)s);

-- keep_holders_out --
-- Nobody protects anything until this transaction ends: what is protected by now stays
SELECT pg_advisory_xact_lock(%(lock)s);

-- prepare --
-- Where a transaction keeps what it removes; a connection's own
CREATE TEMP TABLE IF NOT EXISTS leaving (
    device_id text, event_id uuid, outbox_id uuid, sequence bigint, occurred_at timestamptz
) ON COMMIT DELETE ROWS;

-- prepare_alerts --
-- And the alerts that may leave with it
CREATE TEMP TABLE IF NOT EXISTS leaving_alerts (alert_id uuid, device_id text, event_id uuid) ON COMMIT DELETE ROWS;

-- wait_briefly --
-- A chunk that somebody reads for long is left for the next time
SET LOCAL lock_timeout = '3s';

-- allow_history --
-- In this transaction rows may leave that are otherwise only added: the history of alerts, the audit
SET LOCAL talaia.retention = 'on';

-- chunks --
-- Chunks of a hypertable whose time is over: as a whole, or because their first rows reach the law's limit
SELECT chunk_schema, chunk_name, range_start, range_end
FROM timescaledb_information.chunks
WHERE hypertable_schema = current_schema AND hypertable_name = %(table)s
    AND (range_end <= %(before)s OR range_start < %(limit)s)
ORDER BY range_start;

-- lock_chunk --
-- Nobody adds to it, or reads it, until this transaction ends
LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;

-- drop_chunk --
-- Take it out
SELECT drop_chunks(%(table)s::regclass, older_than => %(until)s::timestamptz, newer_than => %(since)s::timestamptz);

-- first_time_of_events --
-- When the oldest row begins, where it is due
SELECT min(occurred_at) FROM events WHERE occurred_at < %(before)s;

-- first_time_of_device_metrics --
-- When the oldest row begins, where it is due
SELECT min(at) FROM device_metrics WHERE at < %(before)s;

-- first_time_of_positions --
-- When the oldest row begins, where it is due
SELECT min(at) FROM positions WHERE at < %(before)s;

-- keep_protected --
-- Messages of a span that must stay, into the ordinary table
INSERT INTO kept_events (event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
                         severity, sent_at, received_at, message, device_time, time_fault)
SELECT event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
    severity, sent_at, received_at, message, device_time, time_fault
FROM events
WHERE occurred_at >= %(since)s AND occurred_at < %(until)s
    AND (device_id, event_id) IN (SELECT device_id, event_id FROM protected_alerts(%(now)s))
ON CONFLICT DO NOTHING;

-- note_leaving --
-- What a chunk has, before it goes
INSERT INTO leaving (device_id, event_id, outbox_id, sequence, occurred_at)
SELECT device_id, event_id, outbox_id, sequence, occurred_at
FROM events WHERE occurred_at >= %(since)s AND occurred_at < %(until)s;

-- take_events --
-- Where there are no chunks: rows of a span, with those that must stay put into the ordinary table
WITH gone AS (
    DELETE FROM events WHERE occurred_at >= %(since)s AND occurred_at < %(until)s RETURNING *
), kept AS (
    INSERT INTO kept_events (event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
                             severity, sent_at, received_at, message, device_time, time_fault)
    SELECT event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
        severity, sent_at, received_at, message, device_time, time_fault
    FROM gone
    WHERE (device_id, event_id) IN (SELECT device_id, event_id FROM protected_alerts(%(now)s))
    ON CONFLICT DO NOTHING
    RETURNING 1
), noted AS (
    INSERT INTO leaving (device_id, event_id, outbox_id, sequence, occurred_at)
    SELECT device_id, event_id, outbox_id, sequence, occurred_at FROM gone
)
SELECT count(*) FROM kept;

-- take_kept --
-- Messages that were kept, whose time is over and which nothing protects any more
WITH gone AS (
    DELETE FROM kept_events
    WHERE (event_id, outbox_id, sequence) IN (
        SELECT event_id, outbox_id, sequence FROM kept_events
        WHERE occurred_at < %(before)s
            AND (device_id, event_id) NOT IN (SELECT device_id, event_id FROM protected_alerts(%(now)s))
        LIMIT %(limit)s
    )
    RETURNING device_id, event_id, outbox_id, sequence, occurred_at
)
INSERT INTO leaving (device_id, event_id, outbox_id, sequence, occurred_at)
SELECT device_id, event_id, outbox_id, sequence, occurred_at FROM gone;

-- count_leaving --
-- How many messages leave
SELECT count(*) FROM leaving;

-- measure_leaving --
-- For the planner, which knows nothing of a temporary table
ANALYZE leaving;

-- retire --
-- Their sequences are known from now on: no gaps, and nothing new if they come again
INSERT INTO retired_sequences AS known (device_id, outbox_id, sequences)
SELECT device_id, outbox_id, range_agg(int8range(sequence, sequence, '[]'))
FROM leaving
WHERE outbox_id IS NOT NULL AND sequence IS NOT NULL
GROUP BY device_id, outbox_id
ORDER BY device_id, outbox_id
ON CONFLICT (device_id, outbox_id) DO UPDATE SET sequences = known.sequences + excluded.sequences;

-- forget_displaced --
-- They are known by their sequences now
DELETE FROM displaced_events USING leaving
WHERE displaced_events.event_id = leaving.event_id AND displaced_events.outbox_id = leaving.outbox_id
    AND displaced_events.sequence = leaving.sequence;

-- lock_alerts --
-- Alerts of messages that leave: a message that is being stored for one is waited for, and seen by spare_alerts
INSERT INTO leaving_alerts (alert_id, device_id, event_id)
SELECT alert_id, device_id, event_id
FROM alerts
WHERE (device_id, event_id) IN (SELECT device_id, event_id FROM leaving)
ORDER BY device_id, event_id
FOR UPDATE;

-- spare_alerts --
-- Those that have a message left, or must stay
DELETE FROM leaving_alerts
WHERE EXISTS (
        SELECT FROM events
        WHERE events.event_id = leaving_alerts.event_id AND events.device_id = leaving_alerts.device_id
    ) OR EXISTS (
        SELECT FROM kept_events
        WHERE kept_events.event_id = leaving_alerts.event_id AND kept_events.device_id = leaving_alerts.device_id
    ) OR alert_id IN (SELECT alert_id FROM protected_alerts(%(now)s));

-- remove_history --
-- What was done to them
DELETE FROM alert_history USING leaving_alerts WHERE alert_history.alert_id = leaving_alerts.alert_id;

-- remove_evidence --
-- Their files, which leave the store once this transaction is over
WITH gone AS (
    DELETE FROM evidence USING leaving_alerts
    WHERE evidence.device_id = leaving_alerts.device_id AND evidence.event_id = leaving_alerts.event_id
    RETURNING evidence.sha256, evidence.received_at IS NOT NULL AND evidence.erased_at IS NULL AS has_file
), noted AS (
    INSERT INTO file_removals (sha256, due_at)
    SELECT DISTINCT sha256, %(now)s::timestamptz FROM gone WHERE has_file
    ON CONFLICT DO NOTHING
)
SELECT count(*) FILTER (WHERE has_file) FROM gone;

-- remove_alerts --
-- They themselves
DELETE FROM alerts USING leaving_alerts WHERE alerts.alert_id = leaving_alerts.alert_id;

-- note_removed_until --
-- What is older is not whole any more
INSERT INTO removed_until AS known (kind, until) VALUES (%(kind)s, %(until)s)
ON CONFLICT (kind) DO UPDATE SET until = greatest(known.until, excluded.until);

-- take_device_metrics --
-- Where there are no chunks: measurements of a span
DELETE FROM device_metrics WHERE at >= %(since)s AND at < %(until)s;

-- count_device_metrics --
-- Measurements of a span
SELECT count(*) FROM device_metrics WHERE at >= %(since)s AND at < %(until)s;

-- take_positions --
-- Where there are no chunks: positions of a span
DELETE FROM positions WHERE at >= %(since)s AND at < %(until)s;

-- count_positions --
-- Positions of a span
SELECT count(*) FROM positions WHERE at >= %(since)s AND at < %(until)s;

-- forget_last_positions --
-- Last places that are as old as the positions that go
DELETE FROM last_positions WHERE at < %(before)s;

-- take_dead_letters --
-- Refused messages whose time is over; what can be known of them is kept among the sequences
WITH gone AS (
    DELETE FROM dead_letters
    WHERE dead_letter_id IN (SELECT dead_letter_id FROM dead_letters WHERE last_received_at < %(before)s LIMIT %(limit)s)
    RETURNING device_id, outbox_id, sequence, last_received_at
), noted AS (
    INSERT INTO leaving (device_id, outbox_id, sequence)
    SELECT device_id, outbox_id, sequence FROM gone
    WHERE sequence IS NOT NULL AND outbox_id IS NOT NULL
        AND EXISTS (SELECT FROM devices WHERE devices.device_id = gone.device_id)
)
SELECT count(*), min(last_received_at), max(last_received_at) FROM gone;

-- erase_files --
-- Files whose time is over and which nothing protects; their rows say so
WITH due AS (
    SELECT evidence_id FROM evidence
    WHERE received_at IS NOT NULL AND erased_at IS NULL AND announced_at IS NOT NULL
        AND coalesce(captured_to, received_at) < %(before)s
        AND evidence_id NOT IN (SELECT evidence_id FROM protected_evidence(%(now)s))
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), erased AS (
    UPDATE evidence SET erased_at = %(now)s FROM due WHERE evidence.evidence_id = due.evidence_id
    RETURNING sha256, bytes, command_id, coalesce(captured_to, received_at) AS at
), noted AS (
    INSERT INTO file_removals (sha256, due_at) SELECT DISTINCT sha256, %(now)s::timestamptz FROM erased
    ON CONFLICT DO NOTHING
)
SELECT count(*), coalesce(sum(bytes), 0)::bigint, min(at), max(at),
    coalesce(array_agg(DISTINCT command_id) FILTER (WHERE command_id IS NOT NULL), '{}')
FROM erased;

-- erase_footage --
-- Files of flights whose time is over and which nothing protects, originals and their small copies; their rows say so
WITH due AS (
    SELECT footage_id FROM footage
    WHERE state = 'ready' AND coalesce(captured_to, received_at) < %(before)s AND received_at < %(before)s
        AND footage_id NOT IN (SELECT footage_id FROM protected_footage(%(now)s))
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), leaving AS (
    SELECT footage.footage_id, sha256, pixelated_sha256, bytes, coalesce(captured_to, received_at) AS at
    FROM footage JOIN due USING (footage_id)
), erased AS (
    UPDATE footage SET state = 'erased', erased_at = %(now)s, pixelated_sha256 = NULL, pixelated_bytes = NULL
    FROM leaving WHERE footage.footage_id = leaving.footage_id
    RETURNING 1
), noted AS (
    INSERT INTO file_removals (sha256, due_at)
    SELECT DISTINCT each.sha256, %(now)s::timestamptz
    FROM leaving CROSS JOIN LATERAL (VALUES (leaving.sha256), (leaving.pixelated_sha256)) AS each (sha256)
    WHERE each.sha256 IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT count(*), coalesce(sum(bytes), 0)::bigint, min(at), max(at) FROM leaving;

-- forget_finding_pictures --
-- Pictures of findings and of looks at sites whose time is over: what became no event, and whose flight is not held
WITH due AS (
    SELECT finding_id, picture_sha256 FROM findings
    WHERE picture_sha256 IS NOT NULL AND added_at < %(before)s AND event_id IS NULL
        AND NOT EXISTS (
            SELECT FROM holds WHERE holds.flight_id = findings.flight_id AND holds.released_at IS NULL
                AND coalesce(holds.until > %(now)s, true)
        )
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), looks AS (
    SELECT site_id, visit_id, before_sha256, after_sha256 FROM site_visits
    WHERE num_nonnulls(before_sha256, after_sha256) > 0 AND at < %(before)s
        AND NOT EXISTS (
            SELECT FROM holds WHERE holds.flight_id = site_visits.flight_id AND holds.released_at IS NULL
                AND coalesce(holds.until > %(now)s, true)
        )
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    UPDATE findings SET picture_sha256 = NULL FROM due WHERE findings.finding_id = due.finding_id
), unseen AS (
    UPDATE site_visits SET before_sha256 = NULL, after_sha256 = NULL FROM looks
    WHERE site_visits.site_id = looks.site_id AND site_visits.visit_id = looks.visit_id
), noted AS (
    INSERT INTO file_removals (sha256, due_at)
    SELECT DISTINCT sha256, %(now)s::timestamptz
    FROM (
        SELECT picture_sha256 FROM due
        UNION ALL SELECT before_sha256 FROM looks
        UNION ALL SELECT after_sha256 FROM looks
    ) AS leaving (sha256)
    WHERE sha256 IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT (SELECT count(*) FROM due) + (SELECT count(*) FROM looks);

-- erase_live_recordings --
-- Recordings of live video whose time is over; their rows say so. Those of flights are footage
WITH due AS (
    SELECT live_recording_id, sha256, bytes, captured_to FROM live_recordings
    WHERE sha256 IS NOT NULL AND captured_to < %(before)s AND received_at < %(before)s
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), erased AS (
    UPDATE live_recordings SET sha256 = NULL, erased_at = %(now)s FROM due
    WHERE live_recordings.live_recording_id = due.live_recording_id
), noted AS (
    INSERT INTO file_removals (sha256, due_at) SELECT DISTINCT sha256, %(now)s::timestamptz FROM due
    ON CONFLICT DO NOTHING
)
SELECT count(*), coalesce(sum(bytes), 0)::bigint, min(captured_to), max(captured_to) FROM due;

-- forget_live_recordings --
-- What was asked for or recorded live and left nothing behind: rows of erased recordings and of clips, once rows are over
WITH recordings AS (
    DELETE FROM live_recordings WHERE erased_at < %(before)s
        OR (footage_id IS NULL AND sha256 IS NULL AND erased_at IS NULL AND captured_to < %(before)s)
)
DELETE FROM live_clips
WHERE ended_at < %(before)s
    AND NOT EXISTS (SELECT FROM evidence WHERE evidence.clip_id = live_clips.clip_id AND evidence.erased_at IS NULL);

-- forget_clip_files --
-- Rows of erased clips out of the room's memory, once rows are over; those of commands and events go with these
DELETE FROM evidence
WHERE event_id IS NULL AND command_id IS NULL AND announced_at IS NOT NULL AND erased_at < %(before)s;

-- planned_live_recordings --
-- What a run would do with the recordings of live video
SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes, min(captured_to) AS since, max(captured_to) AS until
FROM live_recordings
WHERE sha256 IS NOT NULL AND captured_to < %(before)s AND received_at < %(before)s;

-- planned_footage --
-- What a run would do with the files of flights
SELECT count(*) FILTER (WHERE protected.footage_id IS NULL) AS rows,
    count(*) FILTER (WHERE protected.footage_id IS NOT NULL) AS kept,
    coalesce(sum(bytes) FILTER (WHERE protected.footage_id IS NULL), 0)::bigint AS bytes,
    min(coalesce(captured_to, received_at)) AS since, max(coalesce(captured_to, received_at)) AS until
FROM footage
LEFT JOIN (SELECT DISTINCT footage_id FROM protected_footage(%(now)s)) AS protected USING (footage_id)
WHERE state = 'ready' AND coalesce(captured_to, received_at) < %(before)s AND received_at < %(before)s;

-- flights_over --
-- Logs whose years are over: closed or flown so long ago, without a file, and not held
SELECT flight_id, coalesce(landed_at, created_at) AS at FROM flights
WHERE coalesce(landed_at, created_at) < %(before)s AND created_at < %(before)s
    AND NOT EXISTS (SELECT FROM footage WHERE footage.flight_id = flights.flight_id AND footage.state IN ('ready', 'awaited'))
    AND NOT EXISTS (
        SELECT FROM holds WHERE holds.flight_id = flights.flight_id AND holds.released_at IS NULL
            AND coalesce(holds.until > %(now)s, true)
    )
ORDER BY at LIMIT %(limit)s;

-- forget_answers --
-- Rows of erased files that a command brought, once rows too are over
DELETE FROM evidence WHERE command_id IS NOT NULL AND erased_at < %(before)s;

-- planned_events --
-- What a run would do with the messages of a span
SELECT count(*) AS rows,
    count(*) FILTER (
        WHERE (device_id, event_id) IN (SELECT device_id, event_id FROM protected_alerts(%(now)s))
    ) AS kept
FROM events WHERE occurred_at >= %(since)s AND occurred_at < %(until)s;

-- planned_kept --
-- What a run would do with the messages that were kept before
SELECT count(*) AS rows, min(occurred_at) AS since, max(occurred_at) AS until FROM kept_events
WHERE occurred_at < %(before)s
    AND (device_id, event_id) NOT IN (SELECT device_id, event_id FROM protected_alerts(%(now)s));

-- planned_dead_letters --
-- What a run would do with the dead letters
SELECT count(*) AS rows, min(last_received_at) AS since, max(last_received_at) AS until FROM dead_letters
WHERE last_received_at < %(before)s;

-- planned_files --
-- What a run would do with the files
SELECT count(*) FILTER (WHERE protected.evidence_id IS NULL) AS rows,
    count(*) FILTER (WHERE protected.evidence_id IS NOT NULL) AS kept,
    coalesce(sum(bytes) FILTER (WHERE protected.evidence_id IS NULL), 0)::bigint AS bytes,
    min(coalesce(captured_to, received_at)) AS since, max(coalesce(captured_to, received_at)) AS until
FROM evidence
LEFT JOIN (SELECT DISTINCT evidence_id FROM protected_evidence(%(now)s)) AS protected USING (evidence_id)
WHERE received_at IS NOT NULL AND erased_at IS NULL AND announced_at IS NOT NULL
    AND coalesce(captured_to, received_at) < %(before)s;

-- commands_over --
-- Orders that ended long ago and that nothing needs: no file that one brought, no configuration, no gap, no hold of
-- recordings in force; the order that released a hold goes after that
SELECT command_id, issued_at FROM commands AS old
WHERE issued_at < %(before)s AND ended_at < %(before)s
    AND NOT EXISTS (SELECT FROM evidence WHERE evidence.command_id = old.command_id)
    AND NOT EXISTS (SELECT FROM device_configurations AS pushed WHERE pushed.command_id = old.command_id)
    AND NOT EXISTS (SELECT FROM outboxes WHERE outboxes.command_id = old.command_id)
    AND NOT EXISTS (SELECT FROM recoveries WHERE recoveries.command_id = old.command_id)
    AND (kind <> 'recording_hold' OR state <> 'answered'
         OR coalesce((arguments ->> 'until')::timestamptz, 'infinity') < %(before)s
         OR EXISTS (
             SELECT FROM commands AS released
             WHERE released.device_id = old.device_id AND released.kind = 'recording_release'
                 AND released.state = 'answered' AND released.arguments ->> 'hold_id' = old.arguments ->> 'hold_id'
         ))
    AND (kind <> 'recording_release' OR NOT EXISTS (
             SELECT FROM commands AS held
             WHERE held.device_id = old.device_id AND held.kind = 'recording_hold'
                 AND held.arguments ->> 'hold_id' = old.arguments ->> 'hold_id'
         ))
ORDER BY issued_at
LIMIT %(limit)s
FOR UPDATE;

-- remove_commands --
-- Take them out
DELETE FROM commands WHERE command_id = ANY(%(command_ids)s);

-- take_audit --
-- The oldest rows of the audit, where their years are over
WITH gone AS (
    DELETE FROM audit
    WHERE audit_id IN (SELECT audit_id FROM audit ORDER BY audit_id LIMIT %(limit)s) AND at < %(before)s
    RETURNING at
)
SELECT count(*), min(at), max(at) FROM gone;

-- planned_audit --
-- What a run would do with the audit
SELECT count(*) AS rows, min(at) AS since, max(at) AS until FROM audit WHERE at < %(before)s;
