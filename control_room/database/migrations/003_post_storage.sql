-- What was stored before 002: times that are far off go where 002 puts them, and all messages are counted by the hour.

LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE;

CREATE TEMP TABLE far_off ON COMMIT DROP AS
SELECT * FROM events
WHERE time_fault IS NULL
    AND (occurred_at < received_at - interval '40 days' OR occurred_at > received_at + interval '1 hour');

DELETE FROM events USING far_off
WHERE events.event_id = far_off.event_id AND events.outbox_id = far_off.outbox_id
    AND events.sequence = far_off.sequence AND events.occurred_at = far_off.occurred_at;

INSERT INTO events (event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase, severity,
                    sent_at, received_at, message, device_time, time_fault)
SELECT event_id, outbox_id, sequence, received_at, message_id, device_id, camera_id, rule, phase, severity,
    sent_at, received_at, message, occurred_at, CASE WHEN occurred_at < received_at THEN 'late' ELSE 'future' END
FROM far_off;

INSERT INTO displaced_events (event_id, outbox_id, sequence, occurred_at)
SELECT event_id, outbox_id, sequence, received_at FROM far_off
ON CONFLICT DO NOTHING;

UPDATE alerts SET opened_at = told.opened_at, over_since = told.over_since, time_fault = told.time_fault
FROM (
    SELECT device_id, event_id,
        coalesce(min(occurred_at) FILTER (WHERE phase = 'opened'), min(occurred_at)) AS opened_at,
        max(occurred_at) FILTER (WHERE phase = 'closed') AS over_since,
        max(time_fault) AS time_fault
    FROM events WHERE event_id IN (SELECT event_id FROM far_off)
    GROUP BY device_id, event_id
) AS told
WHERE alerts.device_id = told.device_id AND alerts.event_id = told.event_id;

DELETE FROM event_count_changes;
DELETE FROM camera_hours;
DELETE FROM town_hours;
INSERT INTO camera_hours (hour, device_id, camera_id, rule, opened, messages)
SELECT date_trunc('hour', occurred_at, 'UTC'), device_id, camera_id, rule, count(*) FILTER (WHERE phase = 'opened'),
    count(*)
FROM events GROUP BY 1, 2, 3, 4;
INSERT INTO town_hours (hour, rule, opened, messages)
SELECT hour, rule, sum(opened), sum(messages) FROM camera_hours GROUP BY hour, rule;
