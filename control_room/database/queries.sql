-- license --
-- Edition of TimescaleDB: apache, or timescale for the Community edition
SELECT current_setting('timescaledb.license', true);

-- has_continuous --
-- Whether TimescaleDB counts already
SELECT to_regclass('event_counts_by_camera') IS NOT NULL AND to_regclass('event_counts_by_town') IS NOT NULL;

-- count_by_camera --
-- Events by hour, camera and rule, kept up to date by TimescaleDB; what it has not done yet is counted when it is read
CREATE MATERIALIZED VIEW IF NOT EXISTS event_counts_by_camera
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(interval '1 hour', occurred_at) AS hour, device_id, camera_id, rule,
    count(*) FILTER (WHERE phase = 'opened') AS opened, count(*) AS messages
FROM events GROUP BY 1, 2, 3, 4
WITH NO DATA;

-- count_by_town --
-- The same of all cameras together
CREATE MATERIALIZED VIEW IF NOT EXISTS event_counts_by_town
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(interval '1 hour', occurred_at) AS hour, rule,
    count(*) FILTER (WHERE phase = 'opened') AS opened, count(*) AS messages
FROM events GROUP BY 1, 2
WITH NO DATA;

-- refresh_by_camera --
-- Whole hours that are new or changed; not those of which retention took something, which would be counted as fewer
CALL refresh_continuous_aggregate('event_counts_by_camera', %(since)s::timestamptz, %(until)s::timestamptz);

-- refresh_by_town --
-- The same of all cameras together
CALL refresh_continuous_aggregate('event_counts_by_town', %(since)s::timestamptz, %(until)s::timestamptz);

-- countable --
-- From which whole hour on all messages are there (null: all are), and the hour that is not over
SELECT (SELECT date_trunc('hour', until + interval '1 hour' - interval '1 microsecond', 'UTC')
        FROM removed_until WHERE kind = 'events') AS since,
    date_trunc('hour', now(), 'UTC') AS until;

-- try_lock --
-- Whether nobody else refreshes now; held by this connection until unlock
SELECT pg_try_advisory_lock(%(lock)s);

-- unlock --
-- Others may
SELECT pg_advisory_unlock(%(lock)s);

-- forget_changes --
-- What our own job had still to count; it waits for whoever is writing some
TRUNCATE event_count_changes;

-- forget_camera_hours --
-- Hours that TimescaleDB counts from the messages themselves
DELETE FROM camera_hours
WHERE hour >= greatest((SELECT date_trunc('hour', min(occurred_at), 'UTC') FROM events), %(since)s::timestamptz);

-- forget_town_hours --
-- The same of all cameras together
DELETE FROM town_hours
WHERE hour >= greatest((SELECT date_trunc('hour', min(occurred_at), 'UTC') FROM events), %(since)s::timestamptz);

-- show_by_camera --
-- Under the name that all read: the older hours that our own job counted, and TimescaleDB's
CREATE OR REPLACE VIEW event_counts AS
SELECT hour, device_id, camera_id, rule, opened, messages FROM camera_hours
UNION ALL
SELECT hour, device_id, camera_id, rule, opened, messages FROM event_counts_by_camera
WHERE hour > coalesce((SELECT max(hour) FROM town_hours), '-infinity');

-- show_by_town --
-- The same of all cameras together
CREATE OR REPLACE VIEW town_event_counts AS
SELECT hour, rule, opened, messages FROM town_hours
UNION ALL
SELECT hour, rule, opened, messages FROM event_counts_by_town
WHERE hour > coalesce((SELECT max(hour) FROM town_hours), '-infinity');

-- compress_events --
-- Chunks that nobody writes to any more shrink; what comes late is still taken
ALTER TABLE events SET (timescaledb.compress, timescaledb.compress_segmentby = 'device_id, camera_id',
    timescaledb.compress_orderby = 'occurred_at DESC, event_id, outbox_id, sequence');

-- compress_old_events --
-- After a week
SELECT add_compression_policy('events', interval '7 days', if_not_exists => true);

-- compress_metrics --
-- The same for what devices measure
ALTER TABLE device_metrics SET (timescaledb.compress, timescaledb.compress_segmentby = 'device_id',
    timescaledb.compress_orderby = 'at DESC');

-- compress_old_metrics --
-- After a week
SELECT add_compression_policy('device_metrics', interval '7 days', if_not_exists => true);
