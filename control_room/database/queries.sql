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
-- All that there is
CALL refresh_continuous_aggregate('event_counts_by_camera', NULL, NULL);

-- refresh_by_town --
-- All that there is
CALL refresh_continuous_aggregate('event_counts_by_town', NULL, NULL);

-- keep_by_camera --
-- Every 5 minutes what is new or came late; not the days that retention may have emptied, which would be counted as empty
SELECT add_continuous_aggregate_policy('event_counts_by_camera', start_offset => interval '28 days',
    end_offset => interval '1 hour', schedule_interval => interval '5 minutes', if_not_exists => true);

-- keep_by_town --
-- The same of all cameras together
SELECT add_continuous_aggregate_policy('event_counts_by_town', start_offset => interval '28 days',
    end_offset => interval '1 hour', schedule_interval => interval '5 minutes', if_not_exists => true);

-- forget_changes --
-- What our own job had still to count; it waits for whoever is writing some
TRUNCATE event_count_changes;

-- forget_camera_hours --
-- Hours that TimescaleDB counts from the messages themselves
DELETE FROM camera_hours WHERE hour >= (SELECT date_trunc('hour', min(occurred_at), 'UTC') FROM events);

-- forget_town_hours --
-- The same of all cameras together
DELETE FROM town_hours WHERE hour >= (SELECT date_trunc('hour', min(occurred_at), 'UTC') FROM events);

-- show_by_camera --
-- Under the name that all read: the older hours that our own job counted, and TimescaleDB's
CREATE OR REPLACE VIEW event_counts AS
SELECT hour, device_id, camera_id, rule, opened, messages FROM camera_hours
UNION ALL
SELECT hour, device_id, camera_id, rule, opened, messages FROM event_counts_by_camera;

-- show_by_town --
-- The same of all cameras together
CREATE OR REPLACE VIEW town_event_counts AS
SELECT hour, rule, opened, messages FROM town_hours
UNION ALL
SELECT hour, rule, opened, messages FROM event_counts_by_town;

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
