-- add --
-- Occurrences that a device kept to itself in this hour; more of the same are added up
INSERT INTO silenced (device_id, camera_id, rule, activity, hour, occurrences)
VALUES (%(device_id)s, %(camera_id)s, %(rule)s, %(activity)s, date_trunc('hour', %(now)s::timestamptz, 'UTC'),
        %(occurrences)s)
ON CONFLICT (device_id, camera_id, hour, rule, activity) DO UPDATE SET
    occurrences = silenced.occurrences + excluded.occurrences;

-- items --
-- What was silenced from one moment to another, by camera, rule and activity
SELECT device_id, camera_id, rule, nullif(activity, 'cool_down') AS activity, sum(occurrences)::bigint AS occurrences
FROM silenced
WHERE hour >= %(since)s AND hour < %(until)s
GROUP BY device_id, camera_id, rule, activity
ORDER BY device_id, camera_id, rule, activity
LIMIT 2000;
