-- one_moment --
-- All that is checked is of the same moment
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- devices --
-- What is stored of each device; a sequence of an outbox that is there twice is one message and one duplicate
SELECT device_id, coalesce(messages, 0) AS stored, coalesce(rows, 0) - coalesce(messages, 0) AS duplicates,
    coalesce(letters, 0) AS dead_letters, coalesce(retired, 0) - coalesce(kept, 0) AS removed
FROM devices
LEFT JOIN (
    SELECT device_id, count(*) AS rows, count(DISTINCT (outbox_id, sequence)) AS messages FROM stored_events GROUP BY device_id
) AS sent USING (device_id)
LEFT JOIN (
    SELECT device_id, count(*) AS letters FROM dead_letters
    WHERE replay_result IS DISTINCT FROM 'ingested' GROUP BY device_id
) AS refused USING (device_id)
LEFT JOIN (
    SELECT device_id, sum(upper(range) - lower(range))::bigint AS retired
    FROM retired_sequences CROSS JOIN LATERAL unnest(sequences) AS ranges (range) GROUP BY device_id
) AS gone USING (device_id)
LEFT JOIN (SELECT device_id, count(*) AS kept FROM kept_events GROUP BY device_id) AS stayed USING (device_id)
ORDER BY device_id;

-- violations_in_rows --
-- Whatever contradicts what the room promises of its rows: code, which thing, in words
SELECT 'doubled_sequence', device_id || ' ' || outbox_id || ' ' || sequence, count(*) || ' messages have this sequence'
FROM stored_events GROUP BY device_id, outbox_id, sequence HAVING count(*) > 1
UNION ALL
SELECT 'event_of_unknown_device', device_id, count(*) || ' messages are stored of a device that nobody added'
FROM stored_events WHERE NOT EXISTS (SELECT FROM devices WHERE devices.device_id = stored_events.device_id) GROUP BY device_id
UNION ALL
SELECT 'event_without_alert', event_id::text, 'no alert stands for this event of ' || device_id
FROM stored_events WHERE NOT EXISTS (
    SELECT FROM alerts WHERE alerts.device_id = stored_events.device_id AND alerts.event_id = stored_events.event_id
) GROUP BY device_id, event_id
UNION ALL
SELECT 'alert_without_event', alert_id::text, 'no message is stored of its event ' || event_id
FROM alerts WHERE NOT EXISTS (
    SELECT FROM stored_events WHERE stored_events.event_id = alerts.event_id AND stored_events.device_id = alerts.device_id
)
UNION ALL
SELECT 'wrong_end', alert_id::text, 'over_since is not that of its last closed message'
FROM alerts
LEFT JOIN (
    SELECT device_id, event_id, max(occurred_at) AS over_since FROM stored_events WHERE phase = 'closed' GROUP BY 1, 2
) AS ended USING (device_id, event_id)
WHERE alerts.over_since IS DISTINCT FROM ended.over_since
UNION ALL
SELECT 'wrong_history', alert_id::text, 'its last change does not lead to its state and version'
FROM alerts
LEFT JOIN LATERAL (
    SELECT state, version FROM alert_history AS had WHERE had.alert_id = alerts.alert_id
    ORDER BY history_id DESC LIMIT 1
) AS newest ON true
WHERE (newest.state, newest.version) IS DISTINCT FROM (alerts.state, alerts.version)
UNION ALL
SELECT 'evidence_without_event', evidence_id::text, 'no message is stored of its event ' || event_id
FROM evidence WHERE announced_at IS NOT NULL AND event_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM stored_events WHERE stored_events.event_id = evidence.event_id AND stored_events.device_id = evidence.device_id
)
ORDER BY 1, 2;

-- received_files --
-- Files that must be in the store
SELECT evidence_id, sha256, bytes FROM evidence
WHERE received_at IS NOT NULL AND erased_at IS NULL
UNION ALL
SELECT upload_id, sha256, length_bytes FROM uploads
WHERE finished_at IS NOT NULL AND owner_kind = 'user' AND kind <> 'partial'
    AND NOT EXISTS (SELECT FROM footage WHERE footage.upload_id = uploads.upload_id AND footage.state <> 'awaited')
UNION ALL
SELECT footage_id, sha256, bytes FROM footage WHERE state = 'ready'
UNION ALL
SELECT footage_id, pixelated_sha256, pixelated_bytes FROM footage WHERE pixelated_sha256 IS NOT NULL
UNION ALL
SELECT live_recording_id, sha256, bytes FROM live_recordings WHERE sha256 IS NOT NULL
UNION ALL
SELECT finding_id, picture_sha256, NULL FROM findings WHERE picture_sha256 IS NOT NULL
UNION ALL
SELECT visit_id, before_sha256, NULL FROM site_visits WHERE before_sha256 IS NOT NULL
UNION ALL
SELECT visit_id, after_sha256, NULL FROM site_visits WHERE after_sha256 IS NOT NULL
ORDER BY 1;

-- leaving_files --
-- Files that are on their way out of the store
SELECT sha256 FROM file_removals;
