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
-- A worker says that it lives, and since when it has the broker
INSERT INTO workers (worker, seen_at, broker_since)
VALUES (%(worker)s, %(now)s, %(broker_since)s)
ON CONFLICT (worker) DO UPDATE SET seen_at = excluded.seen_at, broker_since = excluded.broker_since;

-- last_worker --
-- The worker that has the broker, else the one heard last
SELECT seen_at, broker_since
FROM workers
WHERE seen_at > %(since)s
ORDER BY broker_since IS NOT NULL DESC, seen_at DESC
LIMIT 1;
