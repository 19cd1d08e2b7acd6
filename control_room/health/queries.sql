-- ingest_counts --
-- What the workers did with messages since the database was made
SELECT outcome, messages FROM ingest_counts;

-- dead_letters --
-- Dead letters that no replay has brought in
SELECT count(*) FROM dead_letters WHERE replay_result IS DISTINCT FROM 'ingested';

-- devices_seen --
-- How long ago each device spoke, in seconds; null: never
SELECT device_id, online, greatest(0, extract(epoch FROM %(now)s - last_seen))::double precision, pending
FROM devices
WHERE revoked_at IS NULL
ORDER BY device_id;

-- note_worker --
-- A worker says that it lives, since when it has the broker, and what waits
INSERT INTO workers (worker, seen_at, broker_since, waiting, unsettled, oldest_s)
VALUES (%(worker)s, %(now)s, %(broker_since)s, %(waiting)s, %(unsettled)s, %(oldest_s)s)
ON CONFLICT (worker) DO UPDATE
SET seen_at = excluded.seen_at, broker_since = excluded.broker_since, waiting = excluded.waiting,
    unsettled = excluded.unsettled, oldest_s = excluded.oldest_s;

-- last_worker --
-- The worker that has the broker, else the one heard last
SELECT seen_at, broker_since
FROM workers
WHERE seen_at > %(since)s
ORDER BY broker_since IS NOT NULL DESC, seen_at DESC
LIMIT 1;

-- ingest_lag --
-- Seconds from the arrival of the newest messages to their commit cannot be known afterwards; how old the newest is can
SELECT extract(epoch FROM %(now)s - max(received_at))::double precision FROM events
WHERE occurred_at > %(now)s - interval '1 day';

-- refusals --
-- Refused messages by reason, each time that they came
SELECT reason, sum(times)::bigint FROM dead_letters GROUP BY reason;

-- cameras_by_state --
-- Cameras of devices that may speak
SELECT state, count(*) FROM cameras JOIN devices USING (device_id) WHERE revoked_at IS NULL GROUP BY state;

-- gaps --
-- Messages that are missing and were not given up, and how many outboxes lack some
SELECT coalesce(sum(gap_last - settled), 0)::bigint, count(gap_last) FROM outboxes;

-- recoveries_awaited --
-- Devices that a restored room still has to ask
SELECT count(*) FROM recoveries WHERE ended_at IS NULL;

-- evidence --
-- Files that are awaited, and the bytes of those that are there
SELECT count(*) FILTER (WHERE received_at IS NULL),
    coalesce(sum(bytes) FILTER (WHERE received_at IS NOT NULL AND erased_at IS NULL), 0)::bigint
FROM evidence;

-- uploads_unfinished --
-- Uploads that are not whole yet
SELECT count(*) FROM uploads WHERE finished_at IS NULL;

-- overdue --
-- Files whose removal waits
SELECT count(*) FROM file_removals;

-- oldest_event --
-- What retention has left
SELECT extract(epoch FROM min(occurred_at))::double precision FROM events;

-- holds --
-- Holds that keep something
SELECT count(*) FROM holds WHERE released_at IS NULL AND coalesce(until > %(now)s, true);

-- database_bytes --
-- On its disk, with indexes
SELECT pg_database_size(current_database());

-- last_backup --
-- When the last whole backup ended
SELECT extract(epoch FROM max(ended_at))::double precision FROM backups;

-- workers_alive --
-- Workers heard lately, and those of them that have the broker
SELECT count(*), count(broker_since) FROM workers WHERE seen_at > %(since)s;

-- worker_waiting --
-- What each worker that was heard lately has and did not store yet
SELECT worker, waiting FROM workers WHERE seen_at > %(since)s AND waiting IS NOT NULL;

-- worker_unsettled --
-- What the broker gave it and it did not ack
SELECT worker, unsettled FROM workers WHERE seen_at > %(since)s AND unsettled IS NOT NULL;

-- worker_oldest --
-- For how long its oldest message waits; 0: none does
SELECT worker, coalesce(oldest_s, 0) FROM workers WHERE seen_at > %(since)s AND waiting IS NOT NULL;

-- oldest_open_alert --
-- How long the oldest alert that nobody took waits
SELECT extract(epoch FROM %(now)s - min(received_at))::double precision FROM alerts WHERE state = 'new';
