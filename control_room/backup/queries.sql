-- one_moment --
-- All that this transaction reads is of the same moment
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- tables --
-- Ordinary tables and hypertables of the room, with the columns that can be written
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
GROUP BY c.relname
ORDER BY c.relname;

-- references --
-- Which table's rows name rows of which other
SELECT DISTINCT c.conrelid::regclass::text, c.confrelid::regclass::text
FROM pg_constraint c
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.conrelid <> c.confrelid;

-- sequences --
-- How far each counter of the room is
SELECT sequencename::text, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1;

-- hours_by_camera --
-- All that is counted, by our own job or by TimescaleDB, folded or not
SELECT hour, device_id, camera_id, rule, sum(opened)::bigint AS opened, sum(messages)::bigint AS messages
FROM event_counts GROUP BY hour, device_id, camera_id, rule;

-- hours_by_town --
-- The same of all cameras together
SELECT hour, rule, sum(opened)::bigint AS opened, sum(messages)::bigint AS messages
FROM town_event_counts GROUP BY hour, rule;

-- set_sequence --
-- Let a counter go on behind this number
SELECT setval(%(name)s::regclass, %(value)s);

-- migrations --
-- What this database has had
SELECT name FROM schema_migrations ORDER BY name;

-- names --
-- Which of these a row still names, after the backup has looked for their files
SELECT evidence_id FROM evidence
WHERE evidence_id = ANY(%(ids)s) AND received_at IS NOT NULL AND erased_at IS NULL
UNION ALL
SELECT upload_id FROM uploads WHERE upload_id = ANY(%(ids)s) AND finished_at IS NOT NULL
UNION ALL
SELECT footage_id FROM footage WHERE footage_id = ANY(%(ids)s) AND (state = 'ready' OR pixelated_sha256 IS NOT NULL)
UNION ALL
SELECT finding_id FROM findings WHERE finding_id = ANY(%(ids)s) AND picture_sha256 IS NOT NULL
UNION ALL
SELECT live_recording_id FROM live_recordings WHERE live_recording_id = ANY(%(ids)s) AND sha256 IS NOT NULL
UNION ALL
SELECT visit_id FROM site_visits
WHERE visit_id = ANY(%(ids)s) AND num_nonnulls(before_sha256, after_sha256) > 0;

-- set_erased --
-- Files that were erased while the backup was made
UPDATE evidence SET erased_at = %(at)s WHERE evidence_id = ANY(%(ids)s) AND erased_at IS NULL;

-- set_live_recordings_erased --
-- The same, of recordings of live video
UPDATE live_recordings SET sha256 = NULL, erased_at = %(at)s WHERE live_recording_id = ANY(%(ids)s) AND sha256 IS NOT NULL;

-- set_footage_erased --
-- The same, of files of flights
UPDATE footage SET state = 'erased', erased_at = %(at)s, pixelated_sha256 = NULL, pixelated_bytes = NULL
WHERE footage_id = ANY(%(ids)s) AND state = 'ready';

-- forget_pictures --
-- The same, of pictures of findings and of looks at sites
WITH looks AS (
    UPDATE site_visits SET before_sha256 = NULL, after_sha256 = NULL WHERE visit_id = ANY(%(ids)s)
)
UPDATE findings SET picture_sha256 = NULL WHERE finding_id = ANY(%(ids)s);

-- remove_uploads --
-- The same, of uploads of people
DELETE FROM uploads WHERE upload_id = ANY(%(ids)s);

-- note_backup --
-- A backup is whole
INSERT INTO backups (backup_id, begun_at, ended_at, bytes, files, rows)
VALUES (%(backup_id)s, %(begun_at)s, %(ended_at)s, %(bytes)s, %(files)s, %(rows)s);

-- await_newer --
-- After a restore: ask each device for what it sent since
INSERT INTO recoveries (device_id, outbox_id, first, since, ask_at)
SELECT device_id, outbox_id, greatest + 1, %(now)s, %(now)s
FROM outboxes JOIN devices USING (device_id)
WHERE revoked_at IS NULL
ON CONFLICT (device_id, outbox_id) DO UPDATE SET
    first = excluded.first, since = excluded.since, ask_at = excluded.ask_at, times_asked = 0, command_id = NULL,
    ended_at = NULL, result = NULL;

-- recoveries_due --
-- Devices that are there and are to be asked now, with what became of the last asking
SELECT device_id, outbox_id, first, commands.state, commands.error
FROM recoveries
JOIN devices USING (device_id)
LEFT JOIN commands USING (device_id, command_id)
WHERE recoveries.ended_at IS NULL AND revoked_at IS NULL
    AND (commands.state IN ('answered', 'failed') OR ask_at <= %(now)s AND online)
ORDER BY ask_at
LIMIT 50
FOR UPDATE OF recoveries SKIP LOCKED;

-- note_asked --
-- It was asked; when again, should it not answer
UPDATE recoveries SET times_asked = times_asked + 1, ask_at = %(ask_at)s, command_id = %(command_id)s
WHERE device_id = %(device_id)s AND outbox_id = %(outbox_id)s;

-- end_recovery --
-- The device answered
UPDATE recoveries SET ended_at = %(now)s, result = %(result)s
WHERE device_id = %(device_id)s AND outbox_id = %(outbox_id)s;

-- note_restore --
-- This database is that of a backup from now on
INSERT INTO restores (restored_at, backup_id) VALUES (%(now)s, %(backup_id)s);

-- evidence_due --
-- Files that were announced and that a restored room lacks, some of each device that is there; a file that is only on
-- its way may be among them. Captured by the device's clock, which may be off
SELECT device_id, array_agg(evidence_id)
FROM (
    SELECT evidence.device_id, evidence.evidence_id,
        row_number() OVER (PARTITION BY evidence.device_id ORDER BY evidence.evidence_id DESC) AS place
    FROM evidence
    JOIN devices ON devices.device_id = evidence.device_id
    LEFT JOIN evidence_asked AS asked ON asked.evidence_id = evidence.evidence_id
    LEFT JOIN commands ON commands.command_id = asked.command_id
    WHERE announced_at <= %(announced)s AND evidence.received_at IS NULL AND evidence.erased_at IS NULL
        AND evidence.command_id IS NULL
        AND captured_to <= (SELECT max(restored_at) FROM restores WHERE restored_at > %(since)s) + interval '1 hour'
        AND online AND revoked_at IS NULL
        AND (asked.evidence_id IS NULL
             OR ask_at <= %(now)s AND times_asked < %(times)s AND commands.state NOT IN ('answered', 'failed'))
) AS due
WHERE place <= %(limit)s
GROUP BY device_id;

-- note_evidence_asked --
-- They were asked for; when again, should the device not answer
INSERT INTO evidence_asked AS known (evidence_id, times_asked, ask_at, command_id)
SELECT unnest(%(evidence)s), 1, %(ask_at)s, %(command_id)s
ON CONFLICT (evidence_id) DO UPDATE SET
    times_asked = known.times_asked + 1, ask_at = excluded.ask_at, command_id = excluded.command_id;
