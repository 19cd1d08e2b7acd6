-- town --
-- Messages by hour and rule of all cameras
SELECT hour, rule, sum(opened)::bigint AS opened, sum(messages)::bigint AS messages
FROM town_event_counts
WHERE hour >= %(since)s AND hour < %(until)s
GROUP BY hour, rule
ORDER BY hour, rule;

-- camera --
-- Messages by hour and rule of one camera
SELECT hour, rule, sum(opened)::bigint AS opened, sum(messages)::bigint AS messages
FROM event_counts
WHERE device_id = %(device_id)s AND camera_id = %(camera_id)s AND hour >= %(since)s AND hour < %(until)s
GROUP BY hour, rule
ORDER BY hour, rule;

-- try_lock --
-- Whether nobody else folds now; held until this transaction ends
SELECT pg_try_advisory_xact_lock(%(lock)s);

-- fold --
-- Add what the batches wrote down to the counts by the hour
WITH taken AS (
    DELETE FROM event_count_changes RETURNING hour, device_id, camera_id, rule, opened, messages
), by_camera AS (
    SELECT hour, device_id, camera_id, rule, sum(opened) AS opened, sum(messages) AS messages
    FROM taken GROUP BY hour, device_id, camera_id, rule
), cameras AS (
    INSERT INTO camera_hours AS known (hour, device_id, camera_id, rule, opened, messages)
    SELECT hour, device_id, camera_id, rule, opened, messages FROM by_camera
    ON CONFLICT (device_id, camera_id, hour, rule) DO UPDATE SET
        opened = known.opened + excluded.opened, messages = known.messages + excluded.messages
)
INSERT INTO town_hours AS known (hour, rule, opened, messages)
SELECT hour, rule, sum(opened), sum(messages) FROM by_camera GROUP BY hour, rule
ON CONFLICT (hour, rule) DO UPDATE SET
    opened = known.opened + excluded.opened, messages = known.messages + excluded.messages;
