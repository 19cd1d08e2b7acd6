-- Storage for years: wrong clocks, what retention keeps and removes, holds, counts by the hour, places found by an index.

CREATE FUNCTION map_cell(lat double precision, lon double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (floor((lat + 90) * 100) * 36001 + floor((lon + 180) * 100))::integer;
COMMENT ON FUNCTION map_cell IS 'Number of the cell of 0.01 by 0.01 degrees that holds a place, row by row from the south-west.';

-- Events ---------------------------------------------------------------------------------------------------------------

ALTER TABLE events
    ADD COLUMN device_time timestamptz,
    ADD COLUMN time_fault text CHECK (time_fault IN ('late', 'future'));
CREATE INDEX events_by_time ON events (occurred_at);
COMMENT ON COLUMN events.occurred_at IS 'When the rule''s condition became true, or for a closed message when it ended (device); where time_fault is set, when the message arrived (server).';
COMMENT ON COLUMN events.device_time IS 'What the device said instead of occurred_at; null: the same.';
COMMENT ON COLUMN events.time_fault IS 'late: the device''s time was over 40 days before the arrival; future: over an hour after it; null: neither.';

ALTER TABLE device_metrics ADD COLUMN device_time timestamptz;
CREATE INDEX device_metrics_by_time ON device_metrics (at);
COMMENT ON COLUMN device_metrics.at IS 'When it was sent (device); where that is over 40 days before or an hour after the arrival, when it arrived (server).';
COMMENT ON COLUMN device_metrics.device_time IS 'What the device said instead of at; null: the same.';

CREATE TABLE kept_events (
    event_id uuid NOT NULL,
    outbox_id uuid NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    occurred_at timestamptz NOT NULL,
    message_id uuid NOT NULL,
    device_id text NOT NULL,
    camera_id text NOT NULL,
    rule text NOT NULL,
    phase text NOT NULL CHECK (phase IN ('opened', 'updated', 'closed')),
    severity text NOT NULL,
    sent_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    message jsonb NOT NULL,
    device_time timestamptz,
    time_fault text CHECK (time_fault IN ('late', 'future')),
    PRIMARY KEY (event_id, outbox_id, sequence)
);
CREATE INDEX kept_events_by_outbox ON kept_events (device_id, outbox_id, sequence);
COMMENT ON TABLE kept_events IS 'Messages that stay though their time in events is over: of open alerts and of what is held. An ordinary table.';
COMMENT ON COLUMN kept_events.event_id IS 'As in events, like all of them.';
COMMENT ON COLUMN kept_events.outbox_id IS 'As in events.';
COMMENT ON COLUMN kept_events.sequence IS 'As in events.';
COMMENT ON COLUMN kept_events.occurred_at IS 'As in events.';
COMMENT ON COLUMN kept_events.message_id IS 'As in events.';
COMMENT ON COLUMN kept_events.device_id IS 'As in events.';
COMMENT ON COLUMN kept_events.camera_id IS 'As in events.';
COMMENT ON COLUMN kept_events.rule IS 'As in events.';
COMMENT ON COLUMN kept_events.phase IS 'As in events.';
COMMENT ON COLUMN kept_events.severity IS 'As in events.';
COMMENT ON COLUMN kept_events.sent_at IS 'As in events.';
COMMENT ON COLUMN kept_events.received_at IS 'As in events.';
COMMENT ON COLUMN kept_events.message IS 'As in events.';
COMMENT ON COLUMN kept_events.device_time IS 'As in events.';
COMMENT ON COLUMN kept_events.time_fault IS 'As in events.';

CREATE TABLE displaced_events (
    event_id uuid NOT NULL,
    outbox_id uuid NOT NULL,
    sequence bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, outbox_id, sequence)
);
CREATE INDEX displaced_events_by_time ON displaced_events (occurred_at);
COMMENT ON TABLE displaced_events IS 'Keys of the events with a time_fault: a redelivery arrives at another time, so it would not find its row in events.';
COMMENT ON COLUMN displaced_events.event_id IS 'As in events.';
COMMENT ON COLUMN displaced_events.outbox_id IS 'As in events.';
COMMENT ON COLUMN displaced_events.sequence IS 'As in events.';
COMMENT ON COLUMN displaced_events.occurred_at IS 'Under which time the row stands in events (server).';

CREATE TABLE retired_sequences (
    device_id text NOT NULL,
    outbox_id uuid NOT NULL,
    sequences int8multirange NOT NULL,
    PRIMARY KEY (device_id, outbox_id)
);
COMMENT ON TABLE retired_sequences IS 'Messages that were in events, or refused, and are there no more: no gaps, and not new if they come again.';
COMMENT ON COLUMN retired_sequences.device_id IS 'Who sent them.';
COMMENT ON COLUMN retired_sequences.outbox_id IS 'From which outbox.';
COMMENT ON COLUMN retired_sequences.sequences IS 'Their numbers in it; those in kept_events are among them.';

CREATE VIEW stored_events AS
SELECT
    event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase, severity, sent_at,
    received_at, message, device_time, time_fault
FROM events
UNION ALL
SELECT
    event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase, severity, sent_at,
    received_at, message, device_time, time_fault
FROM kept_events;
COMMENT ON VIEW stored_events IS 'Every message that the room has: those of events, and those that retention left.';

-- Alerts ---------------------------------------------------------------------------------------------------------------

ALTER TABLE alerts ADD COLUMN time_fault text CHECK (time_fault IN ('late', 'future'));
CREATE INDEX alerts_by_place ON alerts (map_cell(lat, lon), opened_at DESC, alert_id DESC) INCLUDE (lat, lon)
    WHERE lat IS NOT NULL;
COMMENT ON COLUMN alerts.opened_at IS 'occurred_at of the opened message (device; server where it has a time_fault); the earliest known one until that message arrives.';
COMMENT ON COLUMN alerts.time_fault IS 'A message of it had this time_fault, so its times are those of arrival; late wins over future; null: none.';

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'alert_history' AND TG_OP = 'DELETE' AND current_setting('talaia.retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'rows of % can only be added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON TABLE alert_history IS 'Who did what to an alert, when and why; rows are only added, and leave with their alert when its time is over.';

CREATE OR REPLACE VIEW alert_items AS
SELECT
    alerts.alert_id, alerts.event_id, alerts.rule, alerts.camera_id, cameras.name AS camera_name, alerts.device_id,
    alerts.severity, alerts.state, alerts.version, alerts.opened_at, alerts.received_at, alerts.over_since,
    alerts.shelved_until, alerts.close_reason, alerts.confidence, alerts.zone,
    CASE WHEN alerts.lat IS NOT NULL THEN
        jsonb_build_object('lat', alerts.lat, 'lon', alerts.lon, 'accuracy_m', alerts.accuracy_m)
    END AS location,
    alerts.staged, files.snapshot_url, files.snapshot_annotated_url, files.clip_url, alerts.objects, alerts.time_fault
FROM alerts
JOIN cameras USING (device_id, camera_id)
LEFT JOIN LATERAL (
    SELECT
        max('/api/v1/evidence/' || evidence_id) FILTER (WHERE kind = 'snapshot') AS snapshot_url,
        max('/api/v1/evidence/' || evidence_id) FILTER (WHERE kind = 'snapshot_annotated') AS snapshot_annotated_url,
        max('/api/v1/evidence/' || evidence_id) FILTER (WHERE kind = 'clip') AS clip_url
    FROM evidence
    WHERE evidence.device_id = alerts.device_id AND evidence.event_id = alerts.event_id
        AND announced_at IS NOT NULL AND evidence.received_at IS NOT NULL AND erased_at IS NULL
) AS files ON true;

-- Holds and retention --------------------------------------------------------------------------------------------------

CREATE TABLE holds (
    hold_id uuid PRIMARY KEY,
    object_kind text NOT NULL CHECK (object_kind IN ('alert', 'evidence', 'camera')),
    alert_id uuid,
    evidence_id uuid,
    device_id text,
    camera_id text,
    held_from timestamptz,
    held_to timestamptz,
    reason text NOT NULL CHECK (reason <> ''),
    held_by text NOT NULL,
    held_at timestamptz NOT NULL,
    until timestamptz,
    released_at timestamptz,
    released_by text,
    release_reason text,
    CHECK ((object_kind = 'alert') = (alert_id IS NOT NULL)),
    CHECK ((object_kind = 'evidence') = (evidence_id IS NOT NULL)),
    CHECK (num_nulls(device_id, camera_id, held_from, held_to) = CASE object_kind WHEN 'camera' THEN 0 ELSE 4 END),
    CHECK (held_from <= held_to),
    CHECK (num_nulls(released_at, released_by, release_reason) IN (0, 3))
);
CREATE INDEX holds_not_released ON holds (object_kind) WHERE released_at IS NULL;
COMMENT ON TABLE holds IS 'What must not be erased though its time is over. No foreign keys: a hold is remembered longer than its object.';
COMMENT ON COLUMN holds.hold_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN holds.object_kind IS 'alert: it, its messages and files; evidence: a file and all of its alert; camera: all that one recorded in a span.';
COMMENT ON COLUMN holds.alert_id IS 'Which alert; null for other kinds.';
COMMENT ON COLUMN holds.evidence_id IS 'Which file; null for other kinds.';
COMMENT ON COLUMN holds.device_id IS 'Of the camera; null for other kinds.';
COMMENT ON COLUMN holds.camera_id IS 'Which camera; null for other kinds.';
COMMENT ON COLUMN holds.held_from IS 'Beginning of the span (device); null for other kinds.';
COMMENT ON COLUMN holds.held_to IS 'Its end (device).';
COMMENT ON COLUMN holds.reason IS 'Why, such as the number of a case.';
COMMENT ON COLUMN holds.held_by IS 'Name of the person, as it was then.';
COMMENT ON COLUMN holds.held_at IS 'Since when (server).';
COMMENT ON COLUMN holds.until IS 'When it ends by itself (server); null: when it is released.';
COMMENT ON COLUMN holds.released_at IS 'When it was released (server); null: it was not.';
COMMENT ON COLUMN holds.released_by IS 'By whom.';
COMMENT ON COLUMN holds.release_reason IS 'Why.';

CREATE FUNCTION protected_alerts(moment timestamptz)
    RETURNS TABLE (alert_id uuid, device_id text, event_id uuid, because text)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT alerts.alert_id, alerts.device_id, alerts.event_id, 'open'
    FROM alerts WHERE alerts.state <> 'closed'
    UNION ALL
    SELECT alerts.alert_id, alerts.device_id, alerts.event_id, 'hold ' || holds.hold_id
    FROM holds JOIN alerts ON alerts.alert_id = holds.alert_id
    WHERE holds.released_at IS NULL AND coalesce(holds.until > moment, true)
    UNION ALL
    SELECT alerts.alert_id, alerts.device_id, alerts.event_id, 'hold ' || holds.hold_id
    FROM holds
    JOIN evidence ON evidence.evidence_id = holds.evidence_id
    JOIN alerts ON alerts.device_id = evidence.device_id AND alerts.event_id = evidence.event_id
    WHERE holds.released_at IS NULL AND coalesce(holds.until > moment, true)
    UNION ALL
    SELECT alerts.alert_id, alerts.device_id, alerts.event_id, 'hold ' || holds.hold_id
    FROM holds
    JOIN alerts ON alerts.device_id = holds.device_id AND alerts.camera_id = holds.camera_id
    WHERE holds.released_at IS NULL AND coalesce(holds.until > moment, true)
        AND alerts.opened_at <= holds.held_to AND coalesce(alerts.over_since, alerts.opened_at) >= holds.held_from
    UNION ALL
    SELECT alerts.alert_id, alerts.device_id, alerts.event_id, 'hold ' || holds.hold_id
    FROM holds
    JOIN evidence ON evidence.device_id = holds.device_id AND evidence.camera_id = holds.camera_id
    JOIN alerts ON alerts.device_id = evidence.device_id AND alerts.event_id = evidence.event_id
    WHERE holds.released_at IS NULL AND coalesce(holds.until > moment, true)
        AND evidence.captured_from <= holds.held_to AND evidence.captured_to >= holds.held_from;
END;
COMMENT ON FUNCTION protected_alerts IS 'Alerts that must stay at that moment with their messages and files, and why; the one place that knows.';

CREATE FUNCTION protected_evidence(moment timestamptz)
    RETURNS TABLE (evidence_id uuid, because text)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT evidence.evidence_id, protected.because
    FROM protected_alerts(moment) AS protected
    JOIN evidence ON evidence.device_id = protected.device_id AND evidence.event_id = protected.event_id
    UNION ALL
    SELECT evidence.evidence_id, 'hold ' || holds.hold_id
    FROM holds JOIN evidence ON evidence.evidence_id = holds.evidence_id
    WHERE holds.released_at IS NULL AND coalesce(holds.until > moment, true)
    UNION ALL
    SELECT evidence.evidence_id, 'hold ' || holds.hold_id
    FROM holds
    JOIN evidence ON evidence.device_id = holds.device_id AND evidence.camera_id = holds.camera_id
    WHERE holds.released_at IS NULL AND coalesce(holds.until > moment, true)
        AND evidence.captured_from <= holds.held_to AND evidence.captured_to >= holds.held_from;
END;
COMMENT ON FUNCTION protected_evidence IS 'Files that must stay at that moment, and why: those of protected alerts, and those that are held themselves.';

CREATE TABLE file_removals (
    sha256 text PRIMARY KEY,
    due_at timestamptz NOT NULL
);
COMMENT ON TABLE file_removals IS 'Files whose row is gone or erased and that are still to be taken out of the store: a crash between the two leaves no row without its file.';
COMMENT ON COLUMN file_removals.sha256 IS 'Name of the file in the store.';
COMMENT ON COLUMN file_removals.due_at IS 'Since when (server).';

CREATE INDEX evidence_by_age ON evidence (coalesce(captured_to, received_at))
    WHERE received_at IS NOT NULL AND erased_at IS NULL;

-- Counts by the hour ---------------------------------------------------------------------------------------------------

CREATE TABLE event_count_changes (
    hour timestamptz NOT NULL,
    device_id text NOT NULL,
    camera_id text NOT NULL,
    rule text NOT NULL,
    opened bigint NOT NULL,
    messages bigint NOT NULL
);
COMMENT ON TABLE event_count_changes IS 'What each batch adds to the counts; folded into them every 10 s, and part of event_counts until then. Empty where TimescaleDB counts by itself.';
COMMENT ON COLUMN event_count_changes.hour IS 'Beginning of the hour of occurred_at.';
COMMENT ON COLUMN event_count_changes.device_id IS 'Whose.';
COMMENT ON COLUMN event_count_changes.camera_id IS 'Which of its cameras.';
COMMENT ON COLUMN event_count_changes.rule IS 'Which rule.';
COMMENT ON COLUMN event_count_changes.opened IS 'Messages with which an event began.';
COMMENT ON COLUMN event_count_changes.messages IS 'All messages.';

CREATE TABLE camera_hours (
    hour timestamptz NOT NULL,
    device_id text NOT NULL,
    camera_id text NOT NULL,
    rule text NOT NULL,
    opened bigint NOT NULL,
    messages bigint NOT NULL,
    PRIMARY KEY (device_id, camera_id, hour, rule)
);
COMMENT ON TABLE camera_hours IS 'Messages by hour, camera and rule. They say nothing of a person, so retention leaves them.';
COMMENT ON COLUMN camera_hours.hour IS 'Beginning of the hour of occurred_at.';
COMMENT ON COLUMN camera_hours.device_id IS 'Whose.';
COMMENT ON COLUMN camera_hours.camera_id IS 'Which of its cameras.';
COMMENT ON COLUMN camera_hours.rule IS 'Which rule.';
COMMENT ON COLUMN camera_hours.opened IS 'Messages with which an event began.';
COMMENT ON COLUMN camera_hours.messages IS 'All messages.';

CREATE TABLE town_hours (
    hour timestamptz NOT NULL,
    rule text NOT NULL,
    opened bigint NOT NULL,
    messages bigint NOT NULL,
    PRIMARY KEY (hour, rule)
);
COMMENT ON TABLE town_hours IS 'Messages by hour and rule, of all cameras.';
COMMENT ON COLUMN town_hours.hour IS 'Beginning of the hour of occurred_at.';
COMMENT ON COLUMN town_hours.rule IS 'Which rule.';
COMMENT ON COLUMN town_hours.opened IS 'Messages with which an event began.';
COMMENT ON COLUMN town_hours.messages IS 'All messages.';

CREATE VIEW event_counts AS
SELECT hour, device_id, camera_id, rule, opened, messages FROM camera_hours
UNION ALL
SELECT hour, device_id, camera_id, rule, opened, messages FROM event_count_changes;
COMMENT ON VIEW event_counts IS 'To be summed: messages by hour, camera and rule, up to the last commit. Continuous aggregates on TimescaleDB''s Community edition.';

CREATE VIEW town_event_counts AS
SELECT hour, rule, opened, messages FROM town_hours
UNION ALL
SELECT hour, rule, opened, messages FROM event_count_changes;
COMMENT ON VIEW town_event_counts IS 'To be summed: messages by hour and rule of all cameras, up to the last commit.';
