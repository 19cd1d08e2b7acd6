-- page --
-- Dead letters, the newest first, without their payloads
SELECT dead_letter_id, received_at, last_received_at, times, topic, device_id, message_id, outbox_id, sequence, reason,
    detail, payload_bytes, payload_sha256, replayed_at, replay_result
FROM dead_letters
WHERE dead_letter_id < %(before)s OR %(before)s::uuid IS NULL
ORDER BY dead_letter_id DESC
LIMIT %(limit)s;

-- payload --
-- What was kept of one
SELECT payload FROM dead_letters WHERE dead_letter_id = %(dead_letter_id)s;

-- to_replay --
-- Dead letters that are not ingested, the oldest first; of one that is being replayed elsewhere nothing
SELECT dead_letter_id, topic, payload, payload_bytes, received_at, message_id
FROM dead_letters
WHERE (replay_result IS DISTINCT FROM 'ingested') AND dead_letter_id > %(after)s
    AND (dead_letter_id = %(only)s OR %(only)s::uuid IS NULL)
ORDER BY dead_letter_id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- set_result --
-- What a replay came to
UPDATE dead_letters SET replayed_at = %(now)s, replay_result = %(result)s WHERE dead_letter_id = %(dead_letter_id)s;
