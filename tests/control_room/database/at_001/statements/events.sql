-- after --
-- Messages of one outbox after one of them, in their order
SELECT message_id, event_id, outbox_id, sequence, device_id, camera_id, rule, phase, occurred_at, sent_at, received_at,
    message
FROM events
WHERE device_id = %(device_id)s AND outbox_id = %(outbox_id)s AND sequence > %(after_sequence)s
ORDER BY sequence
LIMIT %(limit)s;

-- outboxes --
-- Outboxes of a device, the newest first
SELECT outbox_id, count(*) AS stored, min(sequence) AS first_sequence, max(sequence) AS last_sequence
FROM events
WHERE device_id = %(device_id)s
GROUP BY outbox_id
ORDER BY outbox_id DESC;

-- gaps --
-- Sequences that are neither stored nor among the dead letters: from 1 and up to the greatest that is known
WITH accounted AS (
    SELECT device_id, outbox_id, sequence FROM events
    UNION
    SELECT device_id, outbox_id, sequence FROM dead_letters WHERE sequence IS NOT NULL
), steps AS (
    SELECT device_id, outbox_id, sequence,
        coalesce(lag(sequence) OVER (PARTITION BY device_id, outbox_id ORDER BY sequence), 0) AS before
    FROM accounted
    WHERE device_id = %(device_id)s OR %(device_id)s::text IS NULL
)
SELECT device_id, outbox_id, before + 1 AS first, sequence - 1 AS last
FROM steps
WHERE sequence > before + 1
ORDER BY device_id, outbox_id, first;
