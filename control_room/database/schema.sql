-- The whole schema of the control room's database, the one truth; a test proves that migrations/ reach exactly this.
-- It runs on TimescaleDB (Apache edition) and on plain PostgreSQL 15 and 16: `migrate` makes hypertables of the tables
-- named in control_room/database/migrate.py where the extension is at hand. A unique key of such a table must contain
-- its time column.
--
-- Clocks, named in each comment: "server" is this control room's clock, "device" the agent's, "camera" the picture's own.
-- Every time is timestamptz, in UTC. Places are WGS 84 degrees.

CREATE TABLE schema_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_migrations IS 'Migrations that this database has had.';
COMMENT ON COLUMN schema_migrations.name IS 'File name without .sql.';
COMMENT ON COLUMN schema_migrations.applied_at IS 'When it ran (server).';

CREATE FUNCTION map_cell(lat double precision, lon double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (floor((lat + 90) * 100) * 36001 + floor((lon + 180) * 100))::integer;
COMMENT ON FUNCTION map_cell IS 'Number of the cell of 0.01 by 0.01 degrees that holds a place, row by row from the south-west.';

-- Devices and cameras ------------------------------------------------------------------------------------------------

CREATE TABLE devices (
    device_id text PRIMARY KEY,
    name text NOT NULL,
    secret_hash text,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    online boolean NOT NULL DEFAULT false,
    online_since timestamptz,
    last_seen timestamptz,
    version text,
    clock_offset_s double precision,
    pending bigint,
    alarms jsonb NOT NULL DEFAULT '[]',
    place text,
    owner text,
    purpose text,
    device_key text,
    town_key text,
    authority_sha256 text,
    enrolled_at timestamptz,
    certificate_expires_at timestamptz,
    broker_generation integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE devices IS 'Running edge agents that may speak to this room; one is made by an administrator, never by a message.';
COMMENT ON COLUMN devices.device_id IS 'wire.identifiers.Identifier; also the second level of its topics.';
COMMENT ON COLUMN devices.name IS 'What people call it.';
COMMENT ON COLUMN devices.secret_hash IS 'Hash of the secret half of its token; null: it cannot use HTTP.';
COMMENT ON COLUMN devices.created_at IS 'When it was added (server).';
COMMENT ON COLUMN devices.revoked_at IS 'From when nothing of it is accepted any more (server); null while it may speak.';
COMMENT ON COLUMN devices.online IS 'What its last status, or its last will, said; false also after 60 s without a word.';
COMMENT ON COLUMN devices.online_since IS 'When online last changed (server).';
COMMENT ON COLUMN devices.last_seen IS 'When its last message of any kind arrived (server).';
COMMENT ON COLUMN devices.version IS 'Version of the agent.';
COMMENT ON COLUMN devices.clock_offset_s IS 'Device clock minus server clock in seconds, as its metrics said last.';
COMMENT ON COLUMN devices.pending IS 'Messages in its outbox that were not acked when it last said so.';
COMMENT ON COLUMN devices.alarms IS 'What it said last of what is wrong with itself: a list of wire.device.Alarm.';
COMMENT ON COLUMN devices.place IS 'Where the box is, in words; null: not given.';
COMMENT ON COLUMN devices.owner IS 'Who answers for it; null: not given.';
COMMENT ON COLUMN devices.purpose IS 'What it is there for; null: not given.';
COMMENT ON COLUMN devices.device_key IS 'Its own Ed25519 public key in base64, made on the device; null: never enrolled.';
COMMENT ON COLUMN devices.town_key IS 'The town''s public key that signed device_key, in base64.';
COMMENT ON COLUMN devices.authority_sha256 IS 'SHA-256 of the authority''s certificate that its TLS certificate is of.';
COMMENT ON COLUMN devices.enrolled_at IS 'When it last showed a one-time code (server); null: it has a token by hand.';
COMMENT ON COLUMN devices.certificate_expires_at IS 'Until when its newest TLS certificate is valid.';
COMMENT ON COLUMN devices.broker_generation IS 'Counts the passwords that it was given at the broker; 0: none.';

CREATE TABLE enrolment_codes (
    code_sha256 bytea PRIMARY KEY,
    device_id text NOT NULL REFERENCES devices (device_id),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX enrolment_codes_by_device ON enrolment_codes (device_id, made_at);
COMMENT ON TABLE enrolment_codes IS 'One-time codes by which a device gets its certificate. Only the newest of a device is open.';
COMMENT ON COLUMN enrolment_codes.code_sha256 IS 'The code itself is not kept; it has 80 random bits.';
COMMENT ON COLUMN enrolment_codes.device_id IS 'Whom it makes the one who shows it.';
COMMENT ON COLUMN enrolment_codes.made_by IS 'Name of the user, or of the operating system''s.';
COMMENT ON COLUMN enrolment_codes.made_at IS 'When (server).';
COMMENT ON COLUMN enrolment_codes.expires_at IS 'From when it opens nothing (server).';
COMMENT ON COLUMN enrolment_codes.used_at IS 'When it was used up, or another code took its place (server); null while it is open.';

CREATE TABLE cameras (
    device_id text NOT NULL REFERENCES devices (device_id),
    camera_id text NOT NULL,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'unknown' CHECK (state IN ('live', 'dark', 'offline', 'unknown')),
    reason text,
    since timestamptz,
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    accuracy_m double precision CHECK (accuracy_m >= 0),
    purpose text,
    legal_regime text,
    staged boolean NOT NULL DEFAULT false,
    last_frame_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    ptz jsonb,
    PRIMARY KEY (device_id, camera_id),
    CHECK ((lat IS NULL) = (lon IS NULL))
);
COMMENT ON TABLE cameras IS 'Video sources, as their devices report them. The name of a camera is unique within its device only.';
COMMENT ON COLUMN cameras.device_id IS 'The device whose source it is.';
COMMENT ON COLUMN cameras.camera_id IS 'wire.identifiers.Identifier, unique within the device.';
COMMENT ON COLUMN cameras.name IS 'What people call it; the camera_id until its device reported a name.';
COMMENT ON COLUMN cameras.state IS 'live: pictures arrive; dark: its device says that none do; offline: its device is away; unknown: no word of it.';
COMMENT ON COLUMN cameras.reason IS 'Why it is not live, one line; null when live.';
COMMENT ON COLUMN cameras.since IS 'Since when it is in this state (device; server where the device is away).';
COMMENT ON COLUMN cameras.lat IS 'Degrees, WGS 84; null: place not given.';
COMMENT ON COLUMN cameras.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN cameras.accuracy_m IS 'Metres.';
COMMENT ON COLUMN cameras.purpose IS 'What it records for; null: not given.';
COMMENT ON COLUMN cameras.legal_regime IS 'lo_7_2021 or gdpr; null: not given.';
COMMENT ON COLUMN cameras.staged IS 'Its footage is staged (demonstration), not a street of today.';
COMMENT ON COLUMN cameras.last_frame_at IS 'Time of its last picture (device).';
COMMENT ON COLUMN cameras.created_at IS 'When it was first heard of (server).';
COMMENT ON COLUMN cameras.updated_at IS 'When this row was last changed (server).';
COMMENT ON COLUMN cameras.ptz IS 'How it is turned, as wire.device.PtzStatus has it; null: it cannot be turned.';

CREATE TABLE device_metrics (
    device_id text NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    metrics jsonb NOT NULL,
    device_time timestamptz,
    PRIMARY KEY (device_id, at)
);
CREATE INDEX device_metrics_by_time ON device_metrics (at);
COMMENT ON TABLE device_metrics IS 'What devices measure of themselves; a hypertable on at. No foreign key: it would be paid for each row, fsck looks instead.';
COMMENT ON COLUMN device_metrics.device_id IS 'Who measured.';
COMMENT ON COLUMN device_metrics.at IS 'When it was sent (device); where that is over 40 days before or an hour after the arrival, when it arrived (server).';
COMMENT ON COLUMN device_metrics.received_at IS 'When it arrived (server).';
COMMENT ON COLUMN device_metrics.metrics IS 'The wire.MetricsMessage as it was sent; units in the names of its keys.';
COMMENT ON COLUMN device_metrics.device_time IS 'What the device said instead of at; null: the same.';

CREATE TABLE positions (
    device_id text NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    camera_id text,
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    accuracy_m double precision,
    relative_altitude_m double precision,
    absolute_altitude_m double precision,
    heading_deg double precision,
    speed_m_s double precision,
    gimbal_yaw_deg double precision,
    gimbal_pitch_deg double precision,
    gimbal_roll_deg double precision,
    hovers boolean,
    footprint jsonb,
    device_time timestamptz,
    view_deg double precision,
    PRIMARY KEY (device_id, at)
);
CREATE INDEX positions_by_time ON positions (at);
COMMENT ON TABLE positions IS 'Where drones and ground stations were; a hypertable on at. No foreign key: see device_metrics.';
COMMENT ON COLUMN positions.device_id IS 'Whose.';
COMMENT ON COLUMN positions.at IS 'When it was there (device); where that is over 40 days before or an hour after the arrival, when it arrived (server).';
COMMENT ON COLUMN positions.received_at IS 'When it arrived (server).';
COMMENT ON COLUMN positions.camera_id IS 'Which of its cameras flies there; null: the device itself.';
COMMENT ON COLUMN positions.lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN positions.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN positions.accuracy_m IS 'One standard deviation, where the aircraft tells it.';
COMMENT ON COLUMN positions.relative_altitude_m IS 'Above take-off.';
COMMENT ON COLUMN positions.absolute_altitude_m IS 'Above the aircraft''s own datum.';
COMMENT ON COLUMN positions.heading_deg IS 'Of the nose from true north, -180 to 180.';
COMMENT ON COLUMN positions.speed_m_s IS 'Over the ground.';
COMMENT ON COLUMN positions.gimbal_yaw_deg IS 'From true north, clockwise.';
COMMENT ON COLUMN positions.gimbal_pitch_deg IS '0 at the horizon, -90 straight down.';
COMMENT ON COLUMN positions.gimbal_roll_deg IS 'Clockwise.';
COMMENT ON COLUMN positions.hovers IS 'Whether its rules that need a still picture work; null: nobody looks at its picture.';
COMMENT ON COLUMN positions.footprint IS 'Corners of its picture on the ground, [[lat, lon], ...]; null: not known, or too far.';
COMMENT ON COLUMN positions.device_time IS 'What the device said instead of at; null: the same.';
COMMENT ON COLUMN positions.view_deg IS 'Angle from the left to the right edge of its picture; null: its lens is not known.';

CREATE TABLE last_positions (
    device_id text PRIMARY KEY REFERENCES devices (device_id),
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    camera_id text,
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    accuracy_m double precision,
    relative_altitude_m double precision,
    absolute_altitude_m double precision,
    heading_deg double precision,
    speed_m_s double precision,
    gimbal_yaw_deg double precision,
    gimbal_pitch_deg double precision,
    gimbal_roll_deg double precision,
    hovers boolean,
    footprint jsonb,
    shown_at timestamptz NOT NULL,
    view_deg double precision
);
COMMENT ON TABLE last_positions IS 'The last place of each device that ever told one.';
COMMENT ON COLUMN last_positions.device_id IS 'Whose.';
COMMENT ON COLUMN last_positions.at IS 'As in positions.';
COMMENT ON COLUMN last_positions.received_at IS 'As in positions.';
COMMENT ON COLUMN last_positions.camera_id IS 'As in positions.';
COMMENT ON COLUMN last_positions.lat IS 'As in positions.';
COMMENT ON COLUMN last_positions.lon IS 'As in positions.';
COMMENT ON COLUMN last_positions.accuracy_m IS 'As in positions.';
COMMENT ON COLUMN last_positions.relative_altitude_m IS 'As in positions.';
COMMENT ON COLUMN last_positions.absolute_altitude_m IS 'As in positions.';
COMMENT ON COLUMN last_positions.heading_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.speed_m_s IS 'As in positions.';
COMMENT ON COLUMN last_positions.gimbal_yaw_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.gimbal_pitch_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.gimbal_roll_deg IS 'As in positions.';
COMMENT ON COLUMN last_positions.hovers IS 'As in positions.';
COMMENT ON COLUMN last_positions.footprint IS 'As in positions.';
COMMENT ON COLUMN last_positions.shown_at IS 'When the screens were last told (server): at most once a second.';
COMMENT ON COLUMN last_positions.view_deg IS 'As in positions.';

CREATE TABLE silenced (
    device_id text NOT NULL REFERENCES devices (device_id),
    camera_id text NOT NULL,
    hour timestamptz NOT NULL,
    rule text NOT NULL,
    activity text NOT NULL,
    occurrences bigint NOT NULL CHECK (occurrences >= 0),
    PRIMARY KEY (device_id, camera_id, hour, rule, activity)
);
CREATE INDEX silenced_by_hour ON silenced (hour);
COMMENT ON TABLE silenced IS 'What rules found and did not tell, because of expected activity or a cool-down, by the hour.';
COMMENT ON COLUMN silenced.device_id IS 'Who counted.';
COMMENT ON COLUMN silenced.camera_id IS 'Which of its cameras.';
COMMENT ON COLUMN silenced.hour IS 'Beginning of the hour in which the count arrived (server).';
COMMENT ON COLUMN silenced.rule IS 'Which rule found them.';
COMMENT ON COLUMN silenced.activity IS 'Name of the expected activity in the rule''s calendar; cool_down: too soon after another.';
COMMENT ON COLUMN silenced.occurrences IS 'How many.';

-- Events, alerts, evidence ---------------------------------------------------------------------------------------------

CREATE TABLE events (
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
    PRIMARY KEY (event_id, outbox_id, sequence, occurred_at)
);
CREATE INDEX events_by_outbox ON events (device_id, outbox_id, sequence);
CREATE INDEX events_by_time ON events (occurred_at);
COMMENT ON TABLE events IS 'Every EventMessage, never changed; a hypertable on occurred_at. A redelivery carries the same key, so it finds its row here and is dropped.';
COMMENT ON COLUMN events.event_id IS 'The occurrence; several messages may speak of it.';
COMMENT ON COLUMN events.outbox_id IS 'The outbox file that the message came from.';
COMMENT ON COLUMN events.sequence IS 'Its number in that outbox, from 1, without gaps.';
COMMENT ON COLUMN events.occurred_at IS 'When the rule''s condition became true, or for a closed message when it ended (device); where time_fault is set, when the message arrived (server).';
COMMENT ON COLUMN events.message_id IS 'What the room''s acks name.';
COMMENT ON COLUMN events.device_id IS 'Who sent it; always that of the topic. No foreign key: see device_metrics.';
COMMENT ON COLUMN events.camera_id IS 'Which of its cameras; empty: none, a finding in a flight''s footage.';
COMMENT ON COLUMN events.rule IS 'Which rule fired.';
COMMENT ON COLUMN events.phase IS 'opened, updated or closed.';
COMMENT ON COLUMN events.severity IS 'info, low, medium, high or critical.';
COMMENT ON COLUMN events.sent_at IS 'When it was written to the outbox (device).';
COMMENT ON COLUMN events.received_at IS 'When the worker had it (server).';
COMMENT ON COLUMN events.message IS 'The whole wire.EventMessage; its units are in its names.';
COMMENT ON COLUMN events.device_time IS 'What the device said instead of occurred_at; null: the same.';
COMMENT ON COLUMN events.time_fault IS 'late: the device''s time was over 40 days before the arrival; future: over an hour after it; null: neither.';

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
COMMENT ON COLUMN kept_events.camera_id IS 'Which of its cameras; empty: none, a finding in a flight''s footage.';
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

CREATE TABLE alerts (
    alert_id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    device_id text NOT NULL,
    camera_id text,
    rule text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'acknowledged', 'shelved', 'closed')),
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    close_reason text CHECK (close_reason IN ('confirmed', 'false_alarm', 'duplicate', 'test', 'no_action')),
    shelved_until timestamptz,
    shelved_from text CHECK (shelved_from IN ('new', 'acknowledged')),
    opened_at timestamptz NOT NULL,
    over_since timestamptz,
    received_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    zone text,
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    accuracy_m double precision CHECK (accuracy_m >= 0),
    staged boolean NOT NULL DEFAULT false,
    objects jsonb NOT NULL,
    attributes jsonb NOT NULL,
    model jsonb NOT NULL,
    told_closed boolean NOT NULL,
    told_outbox_id uuid NOT NULL,
    told_sequence bigint NOT NULL,
    opened_seen boolean NOT NULL,
    time_fault text CHECK (time_fault IN ('late', 'future')),
    UNIQUE (device_id, event_id),
    FOREIGN KEY (device_id, camera_id) REFERENCES cameras (device_id, camera_id),
    CHECK ((state = 'closed') = (close_reason IS NOT NULL)),
    CHECK ((state = 'shelved') = (shelved_until IS NOT NULL)),
    CHECK ((state = 'shelved') = (shelved_from IS NOT NULL))
);
CREATE INDEX alerts_newest ON alerts (opened_at DESC, alert_id DESC);
CREATE INDEX alerts_open ON alerts (state, opened_at DESC) WHERE state <> 'closed';
CREATE INDEX alerts_shelved ON alerts (shelved_until) WHERE state = 'shelved';
CREATE INDEX alerts_by_camera ON alerts (camera_id, opened_at DESC);
CREATE INDEX alerts_by_place ON alerts (map_cell(lat, lon), opened_at DESC, alert_id DESC) INCLUDE (lat, lon)
    WHERE lat IS NOT NULL;
COMMENT ON TABLE alerts IS 'The room''s row for an event that a person must judge. Ingest writes what the device says of it, people write state, version, close_reason and shelved_until.';
COMMENT ON COLUMN alerts.alert_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN alerts.event_id IS 'The event it stands for, unique within the device.';
COMMENT ON COLUMN alerts.device_id IS 'Who reported it.';
COMMENT ON COLUMN alerts.camera_id IS 'Which of its cameras; null: none, a finding in a flight''s footage.';
COMMENT ON COLUMN alerts.rule IS 'Which rule fired.';
COMMENT ON COLUMN alerts.severity IS 'As the device said last.';
COMMENT ON COLUMN alerts.confidence IS 'Of the rule, 0..1, as the device said last.';
COMMENT ON COLUMN alerts.state IS 'new, acknowledged, shelved (until shelved_until) or closed (by a person, never by the event''s own end).';
COMMENT ON COLUMN alerts.version IS 'Counts the acts of people on it, from 1; a message of the device does not change it, so that it never refuses an operator''s key.';
COMMENT ON COLUMN alerts.close_reason IS 'Why it was closed; null unless closed.';
COMMENT ON COLUMN alerts.shelved_until IS 'When it comes back (server); null unless shelved.';
COMMENT ON COLUMN alerts.shelved_from IS 'State to which it comes back; null unless shelved.';
COMMENT ON COLUMN alerts.opened_at IS 'occurred_at of the opened message (device; server where it has a time_fault); the earliest known one until that message arrives.';
COMMENT ON COLUMN alerts.over_since IS 'When the event ended (device); null while it goes on.';
COMMENT ON COLUMN alerts.received_at IS 'When its first message arrived (server).';
COMMENT ON COLUMN alerts.updated_at IS 'When this row last changed (server).';
COMMENT ON COLUMN alerts.zone IS 'Name of the zone; null: the whole picture.';
COMMENT ON COLUMN alerts.lat IS 'Degrees, WGS 84; null: place not known.';
COMMENT ON COLUMN alerts.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN alerts.accuracy_m IS 'Metres.';
COMMENT ON COLUMN alerts.staged IS 'The footage is staged (demonstration).';
COMMENT ON COLUMN alerts.objects IS 'objects[] of the message, the thing first; boxes in 0..1 of the picture.';
COMMENT ON COLUMN alerts.attributes IS 'attributes of the message, by rule.';
COMMENT ON COLUMN alerts.model IS 'Name and sha256 of the detection model that was at work.';
COMMENT ON COLUMN alerts.told_closed IS 'The message that severity, confidence, zone, place, objects, attributes and model come from was a closed one: any other takes its place.';
COMMENT ON COLUMN alerts.told_outbox_id IS 'Outbox of that message; UUIDv7, so a later outbox is greater.';
COMMENT ON COLUMN alerts.told_sequence IS 'Sequence of that message; the greatest one wins, in whatever order they arrive.';
COMMENT ON COLUMN alerts.opened_seen IS 'The opened message has arrived, so opened_at is final.';
COMMENT ON COLUMN alerts.time_fault IS 'A message of it had this time_fault, so its times are those of arrival; late wins over future; null: none.';

CREATE TABLE alert_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES alerts (alert_id),
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('device', 'user', 'system')),
    actor text NOT NULL,
    action text NOT NULL,
    reason text,
    note text,
    state text NOT NULL,
    version integer NOT NULL
);
CREATE INDEX alert_history_by_alert ON alert_history (alert_id, history_id);
COMMENT ON TABLE alert_history IS 'Who did what to an alert, when and why; rows are only added, and leave with their alert when its time is over.';
COMMENT ON COLUMN alert_history.history_id IS 'Order of the rows.';
COMMENT ON COLUMN alert_history.alert_id IS 'Which alert.';
COMMENT ON COLUMN alert_history.at IS 'When (server).';
COMMENT ON COLUMN alert_history.actor_kind IS 'device, user, or system (a time that ran out).';
COMMENT ON COLUMN alert_history.actor IS 'device_id or name of the user, as it was then.';
COMMENT ON COLUMN alert_history.action IS 'opened, over (the event ended), acknowledged, shelved, unshelved, closed, reopened, note.';
COMMENT ON COLUMN alert_history.reason IS 'Reason given, where the act has one.';
COMMENT ON COLUMN alert_history.note IS 'Free text of the operator.';
COMMENT ON COLUMN alert_history.state IS 'State after it.';
COMMENT ON COLUMN alert_history.version IS 'Version after it.';

CREATE TABLE commands (
    command_id uuid PRIMARY KEY,
    device_id text NOT NULL REFERENCES devices (device_id),
    camera_id text,
    kind text NOT NULL,
    arguments jsonb NOT NULL,
    reason text,
    issued_by text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    message bytea NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'sent', 'working', 'answered', 'failed', 'expired')),
    times_sent integer NOT NULL DEFAULT 0,
    send_at timestamptz NOT NULL,
    progress double precision CHECK (progress BETWEEN 0 AND 1),
    heard_at timestamptz,
    ended_at timestamptz,
    error text,
    result jsonb
);
CREATE INDEX commands_by_device ON commands (device_id, command_id);
CREATE INDEX commands_by_person ON commands (issued_by, issued_at);
CREATE INDEX commands_not_ended ON commands (send_at) WHERE state IN ('queued', 'sent', 'working');
COMMENT ON TABLE commands IS 'Orders of people to devices, signed, and what became of them.';
COMMENT ON COLUMN commands.command_id IS 'UUIDv7 of this room, so in the order in which they were given.';
COMMENT ON COLUMN commands.device_id IS 'To whom.';
COMMENT ON COLUMN commands.camera_id IS 'Which of its cameras it is about; null where about none.';
COMMENT ON COLUMN commands.kind IS 'wire.commands.CommandWithArguments.';
COMMENT ON COLUMN commands.arguments IS 'As wire.commands.ARGUMENTS has them for that kind.';
COMMENT ON COLUMN commands.reason IS 'Why, as given; null where none was needed.';
COMMENT ON COLUMN commands.issued_by IS 'Name of the user, as it was then.';
COMMENT ON COLUMN commands.issued_at IS 'When (server).';
COMMENT ON COLUMN commands.expires_at IS 'From when the device does not obey it any more (server).';
COMMENT ON COLUMN commands.message IS 'The whole wire.CommandMessage with its signature, as it is sent.';
COMMENT ON COLUMN commands.state IS 'queued, sent (not heard of yet), working (the device is at it), answered, failed (its answer says why), expired.';
COMMENT ON COLUMN commands.times_sent IS 'How often it was given to the broker.';
COMMENT ON COLUMN commands.send_at IS 'When it is sent, or sent again (server).';
COMMENT ON COLUMN commands.progress IS 'The share that the device says is done; null: it said nothing of it.';
COMMENT ON COLUMN commands.heard_at IS 'When the device last said something of it (server).';
COMMENT ON COLUMN commands.ended_at IS 'When it was answered, failed or expired (server); null before.';
COMMENT ON COLUMN commands.error IS 'Why it failed, one line of the device''s or of the room''s.';
COMMENT ON COLUMN commands.result IS 'As wire.commands.RESULTS has it for that kind; null unless answered.';

CREATE TABLE outboxes (
    device_id text NOT NULL REFERENCES devices (device_id),
    outbox_id uuid NOT NULL,
    greatest bigint NOT NULL CHECK (greatest >= 1),
    settled bigint NOT NULL DEFAULT 0 CHECK (settled >= 0),
    gap_last bigint,
    gap_since timestamptz,
    times_asked integer NOT NULL DEFAULT 0 CHECK (times_asked >= 0),
    ask_at timestamptz,
    command_id uuid REFERENCES commands (command_id),
    PRIMARY KEY (device_id, outbox_id)
);
COMMENT ON TABLE outboxes IS 'How much of each outbox of a device has arrived, and what is done about its gaps.';
COMMENT ON COLUMN outboxes.device_id IS 'Whose.';
COMMENT ON COLUMN outboxes.outbox_id IS 'UUID that the device made with the file.';
COMMENT ON COLUMN outboxes.greatest IS 'The greatest sequence that is stored.';
COMMENT ON COLUMN outboxes.settled IS 'Up to this sequence nothing is awaited: it is stored, a dead letter, or was given up.';
COMMENT ON COLUMN outboxes.gap_last IS 'The last sequence that is missing; the first is the one after settled; null: no gap is known.';
COMMENT ON COLUMN outboxes.gap_since IS 'When the gap behind settled was first seen (server); null: none is known.';
COMMENT ON COLUMN outboxes.times_asked IS 'How often this gap was asked for.';
COMMENT ON COLUMN outboxes.ask_at IS 'When it is asked for next (server); null: none is known.';
COMMENT ON COLUMN outboxes.command_id IS 'The resend command that asked last; null: none yet.';

CREATE TABLE device_configurations (
    device_id text NOT NULL REFERENCES devices (device_id),
    version integer NOT NULL CHECK (version >= 1),
    content jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    reason text NOT NULL,
    same_as integer,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'confirmed', 'rejected', 'superseded')),
    command_id uuid NOT NULL REFERENCES commands (command_id),
    ended_at timestamptz,
    error text,
    PRIMARY KEY (device_id, version)
);
CREATE INDEX device_configurations_by_command ON device_configurations (command_id);
COMMENT ON TABLE device_configurations IS 'Settings that people pushed to a device, each version as it was; never changed but for its state.';
COMMENT ON COLUMN device_configurations.device_id IS 'To whom.';
COMMENT ON COLUMN device_configurations.version IS 'From 1 for each device; a device takes no older one than it has.';
COMMENT ON COLUMN device_configurations.content IS 'wire.commands.PushedConfiguration.';
COMMENT ON COLUMN device_configurations.made_by IS 'Name of the user, as it was then.';
COMMENT ON COLUMN device_configurations.made_at IS 'When (server).';
COMMENT ON COLUMN device_configurations.reason IS 'Why, as given.';
COMMENT ON COLUMN device_configurations.same_as IS 'The older version whose content it has, where somebody went back to that.';
COMMENT ON COLUMN device_configurations.state IS 'pending: the device said nothing yet; confirmed: it took it; rejected: error says why; superseded: a newer one took its place before.';
COMMENT ON COLUMN device_configurations.command_id IS 'The newest command that carries it.';
COMMENT ON COLUMN device_configurations.ended_at IS 'When the device answered, or it was superseded (server).';
COMMENT ON COLUMN device_configurations.error IS 'One line of the device''s: the key, what it got, what is allowed.';

CREATE TABLE live_clips (
    clip_id uuid PRIMARY KEY,
    stream text NOT NULL,
    device_id text,
    camera_id text,
    source_id uuid,
    alert_id uuid REFERENCES alerts (alert_id) ON DELETE SET NULL,
    clip_from timestamptz NOT NULL,
    clip_to timestamptz NOT NULL,
    note text,
    reason text NOT NULL CHECK (reason <> ''),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ordered', 'ready', 'failed')),
    in_memory boolean NOT NULL,
    command_id uuid REFERENCES commands (command_id) ON DELETE SET NULL,
    error text,
    ended_at timestamptz,
    CHECK (clip_from < clip_to),
    CHECK ((source_id IS NULL) = (camera_id IS NOT NULL)),
    CHECK ((camera_id IS NULL) = (device_id IS NULL)),
    CHECK ((state IN ('ready', 'failed')) = (ended_at IS NOT NULL))
);
CREATE INDEX live_clips_open ON live_clips (clip_to) WHERE ended_at IS NULL;
CREATE INDEX live_clips_by_command ON live_clips (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX live_clips_by_alert ON live_clips (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX live_clips_by_age ON live_clips (asked_at);
COMMENT ON TABLE live_clips IS 'Clips that people asked for while they watched; what came of them are rows of evidence.';
COMMENT ON COLUMN live_clips.clip_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN live_clips.stream IS 'Of which stream.';
COMMENT ON COLUMN live_clips.device_id IS 'Of a camera; null of a source.';
COMMENT ON COLUMN live_clips.camera_id IS 'Which camera; null of a source.';
COMMENT ON COLUMN live_clips.source_id IS 'Which drone or telephone; null of a camera.';
COMMENT ON COLUMN live_clips.alert_id IS 'The alert that it belongs to; null: none, or it is gone.';
COMMENT ON COLUMN live_clips.clip_from IS 'From when (server).';
COMMENT ON COLUMN live_clips.clip_to IS 'Until when (server).';
COMMENT ON COLUMN live_clips.note IS 'In words; null: nothing was said.';
COMMENT ON COLUMN live_clips.reason IS 'Why, as in the audit.';
COMMENT ON COLUMN live_clips.asked_by IS 'User name.';
COMMENT ON COLUMN live_clips.asked_at IS 'When (server).';
COMMENT ON COLUMN live_clips.state IS 'waiting: it is still being filmed; ordered: the device was asked for its recording; ready: evidence is there; failed: error says why.';
COMMENT ON COLUMN live_clips.in_memory IS 'The room keeps what it had in memory and what followed: a source''s clip, and a camera''s in case its device has no recording.';
COMMENT ON COLUMN live_clips.command_id IS 'The order to the device; null: none, or not yet.';
COMMENT ON COLUMN live_clips.error IS 'Why nothing came of it; null otherwise.';
COMMENT ON COLUMN live_clips.ended_at IS 'When it was ready, or failed (server).';

CREATE TABLE evidence (
    evidence_id uuid PRIMARY KEY,
    device_id text NOT NULL REFERENCES devices (device_id),
    camera_id text,
    event_id uuid,
    command_id uuid REFERENCES commands (command_id),
    kind text,
    media_type text,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    captured_from timestamptz,
    captured_to timestamptz,
    announced_at timestamptz,
    received_at timestamptz,
    expires_at timestamptz,
    erased_at timestamptz,
    source_id uuid,
    clip_id uuid REFERENCES live_clips (clip_id) ON DELETE SET NULL,
    clip_alert_id uuid REFERENCES alerts (alert_id) ON DELETE SET NULL,
    CHECK (announced_at IS NOT NULL OR received_at IS NOT NULL),
    CHECK (announced_at IS NULL OR ((camera_id IS NOT NULL OR event_id IS NOT NULL OR source_id IS NOT NULL)
                                    AND (event_id IS NULL OR command_id IS NULL)
                                    AND (event_id IS NOT NULL OR command_id IS NOT NULL OR kind = 'recording')
                                    AND kind IS NOT NULL AND media_type IS NOT NULL))
);
CREATE INDEX evidence_by_event ON evidence (device_id, event_id);
CREATE INDEX evidence_by_command ON evidence (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX evidence_by_sha256 ON evidence (sha256);
CREATE INDEX evidence_by_age ON evidence (coalesce(captured_to, received_at))
    WHERE received_at IS NOT NULL AND erased_at IS NULL;
CREATE INDEX evidence_by_expiry ON evidence (expires_at) WHERE expires_at IS NOT NULL AND erased_at IS NULL;
CREATE INDEX evidence_awaited ON evidence (device_id) WHERE announced_at IS NOT NULL AND received_at IS NULL AND erased_at IS NULL;
CREATE INDEX evidence_by_clip ON evidence (clip_id) WHERE clip_id IS NOT NULL;
CREATE INDEX evidence_by_alert ON evidence (clip_alert_id) WHERE clip_alert_id IS NOT NULL;
COMMENT ON TABLE evidence IS 'Files of an event or of the answer to a command: announced by a message, received by HTTP, in either order; and clips of live video. Seen by people only when both.';
COMMENT ON COLUMN evidence.evidence_id IS 'Given by the device.';
COMMENT ON COLUMN evidence.device_id IS 'Who announced or uploaded it; nobody else may do the other half. Of a clip out of the room''s memory the camera''s device, or the room''s own.';
COMMENT ON COLUMN evidence.camera_id IS 'Which of its cameras; null until announced, and of a finding in a flight''s footage.';
COMMENT ON COLUMN evidence.event_id IS 'The event that announced it; null until then, and where a command''s answer did.';
COMMENT ON COLUMN evidence.command_id IS 'The command whose answer announced it; null until then, and where an event did.';
COMMENT ON COLUMN evidence.kind IS 'wire.event.EvidenceKind, such as snapshot, clip, recording; null until announced.';
COMMENT ON COLUMN evidence.media_type IS 'Such as image/jpeg or video/mp4; null until announced.';
COMMENT ON COLUMN evidence.sha256 IS 'Of the whole file, lower-case hex; also its name in the store.';
COMMENT ON COLUMN evidence.bytes IS 'Size of the whole file in bytes.';
COMMENT ON COLUMN evidence.captured_from IS 'Time of its first picture (device).';
COMMENT ON COLUMN evidence.captured_to IS 'Time of its last picture (device).';
COMMENT ON COLUMN evidence.announced_at IS 'When a message first named it (server); null: an early file, unseen.';
COMMENT ON COLUMN evidence.received_at IS 'When the whole file was in the store with that hash (server); null: awaited.';
COMMENT ON COLUMN evidence.expires_at IS 'When the room erases it, a copy that is only for looking at (server); null: it is kept.';
COMMENT ON COLUMN evidence.erased_at IS 'When the room erased its file (server); null: it is there, or never came.';
COMMENT ON COLUMN evidence.source_id IS 'The drone or telephone of whose live picture it is a clip; null: of none. No foreign key: a source may go before.';
COMMENT ON COLUMN evidence.clip_id IS 'The clip that somebody asked for while he watched; null: none, or forgotten.';
COMMENT ON COLUMN evidence.clip_alert_id IS 'The alert for which that clip was taken, shown and kept with it; null: none.';

-- Holds and retention --------------------------------------------------------------------------------------------------

CREATE TABLE holds (
    hold_id uuid PRIMARY KEY,
    object_kind text NOT NULL CHECK (object_kind IN ('alert', 'evidence', 'camera', 'flight')),
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
    flight_id uuid,
    CHECK ((object_kind = 'alert') = (alert_id IS NOT NULL)),
    CHECK ((object_kind = 'evidence') = (evidence_id IS NOT NULL)),
    CHECK (num_nulls(device_id, camera_id, held_from, held_to) = CASE object_kind WHEN 'camera' THEN 0 ELSE 4 END),
    CHECK (held_from <= held_to),
    CHECK (num_nulls(released_at, released_by, release_reason) IN (0, 3)),
    CONSTRAINT holds_flight CHECK ((object_kind = 'flight') = (flight_id IS NOT NULL))
);
CREATE INDEX holds_not_released ON holds (object_kind) WHERE released_at IS NULL;
COMMENT ON TABLE holds IS 'What must not be erased though its time is over. No foreign keys: a hold is remembered longer than its object.';
COMMENT ON COLUMN holds.hold_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN holds.object_kind IS 'alert: it, its messages and files; evidence: a file and all of its alert; camera: all that one recorded in a span; flight: its log, its files and what was found in them.';
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
COMMENT ON COLUMN holds.flight_id IS 'Which flight; null for other kinds.';

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
    SELECT evidence.evidence_id, protected.because
    FROM protected_alerts(moment) AS protected
    JOIN evidence ON evidence.clip_alert_id = protected.alert_id
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

CREATE TABLE removed_until (
    kind text PRIMARY KEY,
    until timestamptz NOT NULL
);
COMMENT ON TABLE removed_until IS 'How far retention has come: what is older is not whole any more, so nothing is counted from it again.';
COMMENT ON COLUMN removed_until.kind IS 'Name of the table of which it took.';
COMMENT ON COLUMN removed_until.until IS 'Rows before this time may be gone (exclusive).';

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

-- What was refused, and totals ------------------------------------------------------------------------------------------

CREATE TABLE uploads (
    upload_id uuid PRIMARY KEY,
    owner_kind text NOT NULL CHECK (owner_kind IN ('device', 'user')),
    owner text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('whole', 'partial', 'final')),
    length_bytes bigint NOT NULL CHECK (length_bytes >= 0),
    metadata text NOT NULL DEFAULT '',
    concat text NOT NULL DEFAULT '',
    name text,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    probe jsonb,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK (owner_kind = 'device' OR finished_at IS NULL OR kind = 'partial' OR sha256 IS NOT NULL)
);
CREATE INDEX uploads_by_owner ON uploads (owner_kind, owner);
CREATE INDEX uploads_by_expiry ON uploads (expires_at);
CREATE INDEX uploads_by_sha256 ON uploads (sha256) WHERE finished_at IS NOT NULL;
COMMENT ON TABLE uploads IS 'Files that come piece by piece (tus). How much of one is there, the size of its file says.';
COMMENT ON COLUMN uploads.upload_id IS 'The last part of its address; of a device''s file the evidence_id.';
COMMENT ON COLUMN uploads.owner_kind IS 'device or user.';
COMMENT ON COLUMN uploads.owner IS 'device_id or user name; nobody else may go on with it.';
COMMENT ON COLUMN uploads.kind IS 'whole; partial: only to be joined with others; final: such others joined.';
COMMENT ON COLUMN uploads.length_bytes IS 'Of the whole file, as it was claimed at the beginning.';
COMMENT ON COLUMN uploads.metadata IS 'Upload-Metadata as it was sent; empty: none.';
COMMENT ON COLUMN uploads.concat IS 'Upload-Concat as it was sent; empty: none.';
COMMENT ON COLUMN uploads.name IS 'What its sender calls the file, never a path; null: not said.';
COMMENT ON COLUMN uploads.sha256 IS 'Of the whole: what its sender said, then what came; null: not known yet, or in the evidence row.';
COMMENT ON COLUMN uploads.probe IS 'What was found in it (control_room.probing.result.Found); null: not looked into.';
COMMENT ON COLUMN uploads.created_at IS 'When it was begun (server).';
COMMENT ON COLUMN uploads.expires_at IS 'When it is removed unless somebody goes on with it, or, finished, makes it part of something (server).';
COMMENT ON COLUMN uploads.finished_at IS 'When the whole was in the store (server); null: it still comes.';

CREATE TABLE dead_letters (
    dead_letter_id uuid PRIMARY KEY,
    fingerprint bytea NOT NULL UNIQUE,
    received_at timestamptz NOT NULL,
    last_received_at timestamptz NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    topic text NOT NULL,
    device_id text,
    message_id uuid,
    outbox_id uuid,
    sequence bigint,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL,
    payload_bytes bigint NOT NULL,
    payload_sha256 text NOT NULL,
    replayed_at timestamptz,
    replay_result text
);
CREATE INDEX dead_letters_by_outbox ON dead_letters (device_id, outbox_id, sequence) WHERE sequence IS NOT NULL;
COMMENT ON TABLE dead_letters IS 'Messages that could not be ingested, kept whole with the reason, until an administrator replays them.';
COMMENT ON COLUMN dead_letters.dead_letter_id IS 'UUIDv7 of this room, so in the order in which they came.';
COMMENT ON COLUMN dead_letters.fingerprint IS 'SHA-256 of topic, a zero byte and payload: the same message again is counted, not kept twice.';
COMMENT ON COLUMN dead_letters.received_at IS 'When it first arrived (server).';
COMMENT ON COLUMN dead_letters.last_received_at IS 'When it last arrived (server).';
COMMENT ON COLUMN dead_letters.times IS 'How often it arrived.';
COMMENT ON COLUMN dead_letters.topic IS 'As published.';
COMMENT ON COLUMN dead_letters.device_id IS 'Of the topic, registered or not; null where the topic names none.';
COMMENT ON COLUMN dead_letters.message_id IS 'Of the payload, or else of the MQTT user property; null: it cannot be acked.';
COMMENT ON COLUMN dead_letters.outbox_id IS 'Of the payload where that can be read and the device is its own: its sequence is accounted for and no gap.';
COMMENT ON COLUMN dead_letters.sequence IS 'Of the payload, with outbox_id.';
COMMENT ON COLUMN dead_letters.reason IS 'A code of control_room/ingest/refusals.py.';
COMMENT ON COLUMN dead_letters.detail IS 'One line for the administrator.';
COMMENT ON COLUMN dead_letters.payload IS 'Whole, or its first 64 KiB when over the size limit of its topic.';
COMMENT ON COLUMN dead_letters.payload_bytes IS 'Size of the whole payload in bytes.';
COMMENT ON COLUMN dead_letters.payload_sha256 IS 'Of the whole payload, lower-case hex.';
COMMENT ON COLUMN dead_letters.replayed_at IS 'When it was last replayed (server); null: never.';
COMMENT ON COLUMN dead_letters.replay_result IS 'ingested, or the reason and detail of that replay; null: never.';

CREATE TABLE ingest_counts (
    outcome text PRIMARY KEY,
    messages bigint NOT NULL
);
COMMENT ON TABLE ingest_counts IS 'What the workers did with messages since the database was made, for /metrics.';
COMMENT ON COLUMN ingest_counts.outcome IS 'stored, duplicate, dead_letter, status, metrics, reply; gap_asked, gap_given_up.';
COMMENT ON COLUMN ingest_counts.messages IS 'How many.';

CREATE TABLE workers (
    worker text PRIMARY KEY,
    seen_at timestamptz NOT NULL,
    broker_since timestamptz,
    waiting integer,
    unsettled integer,
    oldest_s double precision
);
COMMENT ON TABLE workers IS 'Signs of life of the ingest workers, for /readyz.';
COMMENT ON COLUMN workers.worker IS 'Its MQTT client id.';
COMMENT ON COLUMN workers.seen_at IS 'When it last said that it lives, every 10 s (server).';
COMMENT ON COLUMN workers.broker_since IS 'Since when it has the broker (server); null: it has none.';
COMMENT ON COLUMN workers.waiting IS 'Messages that it has and did not store yet; null: a version that does not say.';
COMMENT ON COLUMN workers.unsettled IS 'Messages that the broker gave it and that it did not ack; null: a version that does not say.';
COMMENT ON COLUMN workers.oldest_s IS 'For how long the oldest of those that wait has, seconds; null: none waits.';

-- Backups ----------------------------------------------------------------------------------------------------------------

CREATE TABLE backups (
    backup_id uuid PRIMARY KEY,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    bytes bigint NOT NULL,
    files bigint NOT NULL,
    rows bigint NOT NULL
);
CREATE INDEX backups_by_end ON backups (ended_at);
COMMENT ON TABLE backups IS 'Backups that were made whole, for /metrics.';
COMMENT ON COLUMN backups.backup_id IS 'UUIDv7 of this room, also in the manifest.';
COMMENT ON COLUMN backups.begun_at IS 'The moment that it is of (server).';
COMMENT ON COLUMN backups.ended_at IS 'When it was whole (server).';
COMMENT ON COLUMN backups.bytes IS 'What it added to the folder.';
COMMENT ON COLUMN backups.files IS 'Files of the store that belong to it, also those that an older backup had brought.';
COMMENT ON COLUMN backups.rows IS 'Rows of all tables in it.';

CREATE TABLE recoveries (
    device_id text NOT NULL REFERENCES devices (device_id),
    outbox_id uuid NOT NULL,
    first bigint NOT NULL CHECK (first >= 1),
    since timestamptz NOT NULL,
    times_asked integer NOT NULL DEFAULT 0 CHECK (times_asked >= 0),
    ask_at timestamptz NOT NULL,
    command_id uuid REFERENCES commands (command_id),
    ended_at timestamptz,
    result text,
    PRIMARY KEY (device_id, outbox_id)
);
COMMENT ON TABLE recoveries IS 'After a restore: which devices are asked to send again what is newer than the backup.';
COMMENT ON COLUMN recoveries.device_id IS 'Whom.';
COMMENT ON COLUMN recoveries.outbox_id IS 'Of which outbox.';
COMMENT ON COLUMN recoveries.first IS 'From this sequence on: the one after the greatest in the backup.';
COMMENT ON COLUMN recoveries.since IS 'When the backup was restored (server).';
COMMENT ON COLUMN recoveries.times_asked IS 'How often it was asked.';
COMMENT ON COLUMN recoveries.ask_at IS 'When it is asked next, once it is there (server).';
COMMENT ON COLUMN recoveries.command_id IS 'The resend command that asked last; null: none yet.';
COMMENT ON COLUMN recoveries.ended_at IS 'When the device answered (server); null: it is awaited.';
COMMENT ON COLUMN recoveries.result IS 'answered, or why the device refused.';

CREATE TABLE restores (
    restored_at timestamptz PRIMARY KEY,
    backup_id uuid NOT NULL
);
COMMENT ON TABLE restores IS 'When a backup was brought into this database.';
COMMENT ON COLUMN restores.restored_at IS 'When all rows were there (server).';
COMMENT ON COLUMN restores.backup_id IS 'Of the manifest.';

CREATE TABLE evidence_asked (
    evidence_id uuid PRIMARY KEY REFERENCES evidence (evidence_id) ON DELETE CASCADE,
    times_asked integer NOT NULL CHECK (times_asked >= 1),
    ask_at timestamptz NOT NULL,
    command_id uuid REFERENCES commands (command_id) ON DELETE SET NULL
);
CREATE INDEX evidence_asked_by_command ON evidence_asked (command_id);
COMMENT ON TABLE evidence_asked IS 'Files that a restored room lacks though they are announced, and for which it has asked their device.';
COMMENT ON COLUMN evidence_asked.evidence_id IS 'Which.';
COMMENT ON COLUMN evidence_asked.times_asked IS 'How often.';
COMMENT ON COLUMN evidence_asked.ask_at IS 'When it is asked next, where the device does not answer (server).';
COMMENT ON COLUMN evidence_asked.command_id IS 'The resend command that asked last; null: it is gone.';

-- People ---------------------------------------------------------------------------------------------------------------

CREATE TABLE users (
    user_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    password_hash text,
    role text NOT NULL CHECK (role IN ('operator', 'pilot', 'administrator')),
    language text NOT NULL DEFAULT 'ca' CHECK (language IN ('ca', 'es', 'en')),
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    watches_all boolean NOT NULL DEFAULT true,
    watches_flights boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX users_name ON users (lower(name));
COMMENT ON TABLE users IS 'People who may log in.';
COMMENT ON COLUMN users.user_id IS 'UUIDv7.';
COMMENT ON COLUMN users.name IS 'Login name, unique without regard to case.';
COMMENT ON COLUMN users.password_hash IS 'argon2id in its own text form; null: only a login link lets this user in.';
COMMENT ON COLUMN users.role IS 'operator, pilot or administrator.';
COMMENT ON COLUMN users.language IS 'Of the screens: ca, es or en.';
COMMENT ON COLUMN users.created_at IS 'When the account was made (server).';
COMMENT ON COLUMN users.disabled_at IS 'From when the user may not log in (server); null while allowed.';
COMMENT ON COLUMN users.watches_all IS 'Whether this user may watch every camera; false: those of watched_cameras.';
COMMENT ON COLUMN users.watches_flights IS 'Whether this user may watch what drones and telephones film; false: only flights of this pilot.';

CREATE TABLE watched_cameras (
    user_id uuid NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    device_id text NOT NULL,
    camera_id text NOT NULL,
    PRIMARY KEY (user_id, device_id, camera_id),
    FOREIGN KEY (device_id, camera_id) REFERENCES cameras (device_id, camera_id) ON DELETE CASCADE
);
COMMENT ON TABLE watched_cameras IS 'Cameras that a user may watch who may not watch all.';
COMMENT ON COLUMN watched_cameras.user_id IS 'Who.';
COMMENT ON COLUMN watched_cameras.device_id IS 'Of the camera.';
COMMENT ON COLUMN watched_cameras.camera_id IS 'Which camera of that device.';

CREATE TABLE viewing_reasons (
    reason_id uuid NOT NULL,
    watched text NOT NULL,
    session text NOT NULL,
    user_name text NOT NULL,
    seen_from timestamptz,
    seen_to timestamptz,
    object text NOT NULL CHECK (object <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    given_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (reason_id, watched),
    CHECK (seen_from <= seen_to)
);
CREATE INDEX viewing_reasons_lasting ON viewing_reasons (session, watched, expires_at);
CREATE INDEX viewing_reasons_by_expiry ON viewing_reasons (expires_at);
COMMENT ON TABLE viewing_reasons IS 'Why somebody looks at recordings of people: asked once, 15 minutes for that camera and span. The audit keeps them; here they go a day later.';
COMMENT ON COLUMN viewing_reasons.reason_id IS 'UUIDv7 of this room; one for all cameras that were named together.';
COMMENT ON COLUMN viewing_reasons.watched IS 'camera/DEVICE/CAMERA, source/ID, flight/ID or event/DEVICE/ID.';
COMMENT ON COLUMN viewing_reasons.session IS 'Of the browser that gave it: the beginning of the SHA-256 of its cookie.';
COMMENT ON COLUMN viewing_reasons.user_name IS 'Who gave it.';
COMMENT ON COLUMN viewing_reasons.seen_from IS 'Beginning of the span that it is for; null: from the first picture on.';
COMMENT ON COLUMN viewing_reasons.seen_to IS 'Its end; null: up to the present.';
COMMENT ON COLUMN viewing_reasons.object IS 'What is looked for or into, such as a case or an alert.';
COMMENT ON COLUMN viewing_reasons.reason IS 'Why.';
COMMENT ON COLUMN viewing_reasons.given_at IS 'When (server).';
COMMENT ON COLUMN viewing_reasons.expires_at IS 'From when it opens nothing (server).';

CREATE TABLE sessions (
    token_sha256 bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (user_id),
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    address text,
    user_agent text
);
CREATE INDEX sessions_by_user ON sessions (user_id);
COMMENT ON TABLE sessions IS 'Logged-in browsers.';
COMMENT ON COLUMN sessions.token_sha256 IS 'SHA-256 of the cookie; the cookie itself is not kept.';
COMMENT ON COLUMN sessions.user_id IS 'Whose.';
COMMENT ON COLUMN sessions.csrf_token IS 'What X-CSRF-Token must say.';
COMMENT ON COLUMN sessions.created_at IS 'When it began (server).';
COMMENT ON COLUMN sessions.expires_at IS 'When it ends (server).';
COMMENT ON COLUMN sessions.address IS 'Network address it began from.';
COMMENT ON COLUMN sessions.user_agent IS 'Browser as it named itself, cut to 256 characters.';

CREATE TABLE login_links (
    token_sha256 bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (user_id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE login_links IS 'One-time links that log a user in.';
COMMENT ON COLUMN login_links.token_sha256 IS 'SHA-256 of the token in the link.';
COMMENT ON COLUMN login_links.user_id IS 'Whom it logs in.';
COMMENT ON COLUMN login_links.created_at IS 'When it was made (server).';
COMMENT ON COLUMN login_links.expires_at IS 'When it stops working (server).';
COMMENT ON COLUMN login_links.used_at IS 'When it was used (server); null: not yet.';

CREATE UNLOGGED TABLE attempts (
    kind text NOT NULL,
    key text NOT NULL,
    times timestamptz[] NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX attempts_by_age ON attempts (last_at);
COMMENT ON TABLE attempts IS 'What was tried lately at the doors, for all serving processes; 15 minutes, in no backup.';
COMMENT ON COLUMN attempts.kind IS 'login, enrolment, live_offer or live_rewind.';
COMMENT ON COLUMN attempts.key IS 'An address, an account, a device, a live source, or a twelve-bit sum of a name that is nobody''s.';
COMMENT ON COLUMN attempts.times IS 'When, within the window (server).';
COMMENT ON COLUMN attempts.last_at IS 'The newest of them (server).';

CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'device', 'command', 'anonymous', 'system')),
    actor text NOT NULL,
    role text,
    address text,
    action text NOT NULL,
    object_kind text,
    object_id text,
    reason text,
    result text NOT NULL,
    detail jsonb
);
CREATE INDEX audit_by_object ON audit (object_kind, object_id, audit_id);
COMMENT ON TABLE audit IS 'Who did what, when, from where, on what, why and with what result; rows are only added, and leave when their years are over.';
COMMENT ON COLUMN audit.audit_id IS 'Order of the rows.';
COMMENT ON COLUMN audit.at IS 'When (server).';
COMMENT ON COLUMN audit.actor_kind IS 'user, device, command (somebody at the machine itself), anonymous or system (a time that ran out).';
COMMENT ON COLUMN audit.actor IS 'Name of the user, device_id, or operating-system user of the command.';
COMMENT ON COLUMN audit.role IS 'Role in which it was done; null where the actor has none.';
COMMENT ON COLUMN audit.address IS 'Network address; null for a command.';
COMMENT ON COLUMN audit.action IS 'What was done, such as alert.close, evidence.play, session.begin.';
COMMENT ON COLUMN audit.object_kind IS 'On what kind of thing.';
COMMENT ON COLUMN audit.object_id IS 'On which one.';
COMMENT ON COLUMN audit.reason IS 'Why, as given.';
COMMENT ON COLUMN audit.result IS 'ok, or why it was refused.';
COMMENT ON COLUMN audit.detail IS 'What else a reader needs; null: nothing.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('talaia.retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'rows of % can only be added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alert_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Drone flights -------------------------------------------------------------------------------------------------------

CREATE TABLE aircraft (
    aircraft_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    make text,
    model text,
    serial_number text,
    eu_class text,
    remote_id text,
    camera_model text,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    retired_at timestamptz,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    hours_before double precision NOT NULL DEFAULT 0 CHECK (hours_before >= 0),
    note text,
    calibration jsonb
);
CREATE UNIQUE INDEX aircraft_serial_number ON aircraft (serial_number) WHERE serial_number IS NOT NULL;
COMMENT ON TABLE aircraft IS 'Drones of the unit.';
COMMENT ON COLUMN aircraft.aircraft_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN aircraft.name IS 'What people call it.';
COMMENT ON COLUMN aircraft.make IS 'Maker, as its files write it; null: not given.';
COMMENT ON COLUMN aircraft.model IS 'Model, as its files write it.';
COMMENT ON COLUMN aircraft.serial_number IS 'Of the airframe.';
COMMENT ON COLUMN aircraft.eu_class IS 'C0 to C6, or legacy (Regulation (EU) 2019/945); null: not given.';
COMMENT ON COLUMN aircraft.remote_id IS 'What it broadcasts as itself; null: nothing, or not given.';
COMMENT ON COLUMN aircraft.camera_model IS 'Its camera, as vision.georeference.cameras names it; null: told by each file.';
COMMENT ON COLUMN aircraft.created_at IS 'When it was added (server).';
COMMENT ON COLUMN aircraft.created_by IS 'By whom.';
COMMENT ON COLUMN aircraft.retired_at IS 'From when it is not flown any more (server); null: it is.';
COMMENT ON COLUMN aircraft.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN aircraft.hours_before IS 'Flown before this log began.';
COMMENT ON COLUMN aircraft.note IS 'In words; null: nothing.';
COMMENT ON COLUMN aircraft.calibration IS 'Its wide lens as it was calibrated: width_px, height_px, camera_matrix, distortion; null: not calibrated.';

CREATE TABLE authorisations (
    authorisation_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('fixed', 'mobile')),
    authority text NOT NULL CHECK (authority <> ''),
    reference text NOT NULL CHECK (reference <> ''),
    purpose text NOT NULL CHECK (purpose <> ''),
    legal_regime text NOT NULL CHECK (legal_regime IN ('lo_7_2021', 'gdpr')),
    conditions text,
    area jsonb,
    audio_allowed boolean NOT NULL DEFAULT false,
    dpia_reference text,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    extension_of uuid REFERENCES authorisations (authorisation_id),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamptz,
    CHECK (valid_from < valid_to)
);
CREATE INDEX authorisations_by_end ON authorisations (valid_to);
COMMENT ON TABLE authorisations IS 'Permissions under which a camera or a flight records (LO 7/2021 arts. 16 and 17).';
COMMENT ON COLUMN authorisations.authorisation_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN authorisations.kind IS 'fixed: cameras that stay (art. 16); mobile: drones and what is carried (art. 17).';
COMMENT ON COLUMN authorisations.authority IS 'Who gave it.';
COMMENT ON COLUMN authorisations.reference IS 'Its number with that authority.';
COMMENT ON COLUMN authorisations.purpose IS 'For what.';
COMMENT ON COLUMN authorisations.legal_regime IS 'lo_7_2021 or gdpr.';
COMMENT ON COLUMN authorisations.conditions IS 'Limits in words; null: none were set.';
COMMENT ON COLUMN authorisations.area IS 'GeoJSON Polygon or MultiPolygon where it holds; null: the whole town.';
COMMENT ON COLUMN authorisations.audio_allowed IS 'Sound may be recorded.';
COMMENT ON COLUMN authorisations.dpia_reference IS 'The impact assessment that it rests on; null: not given.';
COMMENT ON COLUMN authorisations.valid_from IS 'From when.';
COMMENT ON COLUMN authorisations.valid_to IS 'Until when.';
COMMENT ON COLUMN authorisations.extension_of IS 'The one that it prolongs; null: none.';
COMMENT ON COLUMN authorisations.created_at IS 'When it was entered (server).';
COMMENT ON COLUMN authorisations.created_by IS 'By whom.';
COMMENT ON COLUMN authorisations.revoked_at IS 'From when it does not hold any more before its end; null: it was not taken back.';

CREATE TABLE flights (
    flight_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'flown', 'closed')),
    pilot text NOT NULL,
    observer text,
    aircraft_id uuid REFERENCES aircraft (aircraft_id),
    authorisation_id uuid REFERENCES authorisations (authorisation_id),
    urgent_reason text,
    purpose text,
    legal_regime text NOT NULL DEFAULT 'lo_7_2021' CHECK (legal_regime IN ('lo_7_2021', 'gdpr')),
    pixelated boolean NOT NULL DEFAULT true,
    risk_assessment text,
    preflight jsonb NOT NULL DEFAULT '{}',
    weather text,
    occurrences text,
    line_of_sight boolean,
    take_off_at timestamptz,
    landed_at timestamptz,
    take_off_lat double precision CHECK (take_off_lat BETWEEN -90 AND 90),
    take_off_lon double precision CHECK (take_off_lon BETWEEN -180 AND 180),
    landing_lat double precision CHECK (landing_lat BETWEEN -90 AND 90),
    landing_lon double precision CHECK (landing_lon BETWEEN -180 AND 180),
    greatest_height_m double precision,
    length_m double precision CHECK (length_m >= 0),
    times_from text CHECK (times_from IN ('telemetry', 'pilot')),
    doubts jsonb NOT NULL DEFAULT '[]',
    track jsonb,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    closed_at timestamptz,
    take_off_elevation_m double precision,
    CHECK ((take_off_lat IS NULL) = (take_off_lon IS NULL)),
    CHECK ((landing_lat IS NULL) = (landing_lon IS NULL)),
    CHECK (take_off_at <= landed_at),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX flights_newest ON flights (coalesce(take_off_at, created_at) DESC, flight_id DESC);
CREATE INDEX flights_by_pilot ON flights (pilot, coalesce(take_off_at, created_at) DESC);
COMMENT ON TABLE flights IS 'Sorties of drones: the log that is kept three years (UAS.SPEC.050), and what footage and findings belong to.';
COMMENT ON COLUMN flights.flight_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN flights.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN flights.state IS 'draft: planned, or proposed from a card; flown: its pilot said so; closed: its log is complete and changes no more but by reopening.';
COMMENT ON COLUMN flights.pilot IS 'User name of who flew.';
COMMENT ON COLUMN flights.observer IS 'Who watched the air beside the pilot; null: nobody.';
COMMENT ON COLUMN flights.aircraft_id IS 'With what; null: not said yet.';
COMMENT ON COLUMN flights.authorisation_id IS 'Under which permission; null: not said yet, or urgent.';
COMMENT ON COLUMN flights.urgent_reason IS 'Why it could not wait for one (LO 7/2021 art. 17: told within 24 h); null: it is not urgent.';
COMMENT ON COLUMN flights.purpose IS 'For what.';
COMMENT ON COLUMN flights.legal_regime IS 'lo_7_2021 or gdpr.';
COMMENT ON COLUMN flights.pixelated IS 'People in pictures made from its footage are pixelated unless a role and a reason say otherwise.';
COMMENT ON COLUMN flights.risk_assessment IS 'Reference or text (RD 517/2024 art. 17); null: missing.';
COMMENT ON COLUMN flights.preflight IS 'Items of the check before take-off and whether each was done.';
COMMENT ON COLUMN flights.weather IS 'In words.';
COMMENT ON COLUMN flights.occurrences IS 'What went wrong, in words; null: not said.';
COMMENT ON COLUMN flights.line_of_sight IS 'Flown within sight, as the pilot says; null: not said.';
COMMENT ON COLUMN flights.take_off_at IS 'First moment in the air (drone or pilot; see times_from).';
COMMENT ON COLUMN flights.landed_at IS 'Last one.';
COMMENT ON COLUMN flights.take_off_lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.take_off_lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.landing_lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.landing_lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.greatest_height_m IS 'Above take-off.';
COMMENT ON COLUMN flights.length_m IS 'Of the track over ground.';
COMMENT ON COLUMN flights.times_from IS 'telemetry, or pilot where a person wrote or corrected them; null: not known.';
COMMENT ON COLUMN flights.doubts IS 'What is doubtful about times, places and pairs of files: a list of codes with values.';
COMMENT ON COLUMN flights.track IS 'Simplified for the map: a list of [time_utc, lon, lat, height above take-off in metres]; null: no telemetry.';
COMMENT ON COLUMN flights.created_at IS 'When it was entered (server).';
COMMENT ON COLUMN flights.created_by IS 'By whom.';
COMMENT ON COLUMN flights.updated_at IS 'When this row last changed (server).';
COMMENT ON COLUMN flights.closed_at IS 'When its log was closed (server).';
COMMENT ON COLUMN flights.take_off_elevation_m IS 'Above mean sea level, as a person gave it; null: not known, so limits above sea level cannot be told.';

CREATE TABLE flight_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    changed jsonb,
    reason text
);
CREATE INDEX flight_history_of ON flight_history (flight_id, history_id);
CREATE TRIGGER flight_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON flight_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE flight_history IS 'Who wrote what into the log; rows are only added.';
COMMENT ON COLUMN flight_history.history_id IS 'Order of the rows.';
COMMENT ON COLUMN flight_history.flight_id IS 'Of which flight.';
COMMENT ON COLUMN flight_history.at IS 'When (server).';
COMMENT ON COLUMN flight_history.actor IS 'User name, or room.';
COMMENT ON COLUMN flight_history.action IS 'What was done, such as correct, close, reopen.';
COMMENT ON COLUMN flight_history.changed IS 'Columns that changed, each [before, after]; null: none.';
COMMENT ON COLUMN flight_history.reason IS 'Why, as given.';

CREATE TABLE footage (
    footage_id uuid PRIMARY KEY,
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    upload_id uuid,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    name text NOT NULL,
    folder text NOT NULL DEFAULT '',
    media_type text,
    kind text NOT NULL CHECK (kind IN ('video', 'telemetry', 'still', 'proxy', 'other')),
    lens text CHECK (lens IN ('wide', 'zoom', 'thermal')),
    recording text,
    part integer CHECK (part >= 1),
    belongs_to uuid REFERENCES footage (footage_id),
    state text NOT NULL CHECK (state IN ('awaited', 'ready', 'refused', 'erased')),
    reason text,
    probe jsonb,
    captured_from timestamptz,
    captured_to timestamptz,
    duration_s double precision CHECK (duration_s >= 0),
    width_px integer CHECK (width_px > 0),
    height_px integer CHECK (height_px > 0),
    telemetry jsonb,
    sync_offset_s double precision,
    sync_quality double precision CHECK (sync_quality BETWEEN 0 AND 1),
    created_at timestamptz NOT NULL,
    received_at timestamptz,
    erased_at timestamptz,
    modified_at timestamptz,
    read_at timestamptz,
    pixelated_sha256 text CHECK (pixelated_sha256 ~ '^[0-9a-f]{64}$'),
    pixelated_bytes bigint CHECK (pixelated_bytes > 0),
    CHECK (state NOT IN ('ready', 'erased') OR sha256 IS NOT NULL),
    CHECK ((state = 'erased') = (erased_at IS NOT NULL)),
    CONSTRAINT footage_pixelated CHECK ((pixelated_sha256 IS NULL) = (pixelated_bytes IS NULL))
);
CREATE INDEX footage_by_flight ON footage (flight_id, captured_from);
CREATE INDEX footage_by_sha256 ON footage (sha256);
CREATE INDEX footage_by_upload ON footage (upload_id) WHERE upload_id IS NOT NULL;
CREATE INDEX footage_by_name ON footage (name, bytes);
CREATE INDEX footage_by_pixelated_sha256 ON footage (pixelated_sha256) WHERE pixelated_sha256 IS NOT NULL;
CREATE INDEX footage_by_age ON footage (coalesce(captured_to, received_at)) WHERE state = 'ready';
COMMENT ON TABLE footage IS 'Files of a flight, originals as they came from the card and what was made small of them beforehand. Never changed; erased when their time is over.';
COMMENT ON COLUMN footage.footage_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN footage.flight_id IS 'Of which flight.';
COMMENT ON COLUMN footage.upload_id IS 'By which upload it comes or came; null: not begun.';
COMMENT ON COLUMN footage.sha256 IS 'Of the whole file; also its name in the store. Of an awaited one what its sender says, or null.';
COMMENT ON COLUMN footage.bytes IS 'Size of the whole file.';
COMMENT ON COLUMN footage.name IS 'What the card called it, never a path.';
COMMENT ON COLUMN footage.folder IS 'In which folder of the card, for people; never used as a path.';
COMMENT ON COLUMN footage.media_type IS 'As it was found to be; null until looked into.';
COMMENT ON COLUMN footage.kind IS 'video, telemetry (a file of its own), still, proxy (a small copy of a video that the drone made), other.';
COMMENT ON COLUMN footage.lens IS 'wide, zoom or thermal, where one moment was taken by several; null: one lens.';
COMMENT ON COLUMN footage.recording IS 'Name of the recording that it is a piece of or belongs to, unique within the flight; null: by itself.';
COMMENT ON COLUMN footage.part IS 'Which piece of a split recording, from 1; null: it is whole.';
COMMENT ON COLUMN footage.belongs_to IS 'The video that a telemetry file or proxy is of; null: none, or not found yet.';
COMMENT ON COLUMN footage.state IS 'awaited: not whole or not looked into yet (quarantine); ready; refused: reason says why, nothing was kept; erased.';
COMMENT ON COLUMN footage.reason IS 'Why it was refused; null otherwise.';
COMMENT ON COLUMN footage.probe IS 'What was found in it (control_room.probing.result.Found).';
COMMENT ON COLUMN footage.captured_from IS 'Its first picture or row (drone); null: not known.';
COMMENT ON COLUMN footage.captured_to IS 'Its last one.';
COMMENT ON COLUMN footage.duration_s IS 'Of a video.';
COMMENT ON COLUMN footage.width_px IS 'Of its pictures.';
COMMENT ON COLUMN footage.height_px IS 'Of its pictures.';
COMMENT ON COLUMN footage.telemetry IS 'What its telemetry is: format, rows, skipped, first words of what was doubtful; null: it has none.';
COMMENT ON COLUMN footage.sync_offset_s IS 'Seconds by which its telemetry is moved to fit its picture; null: not estimated.';
COMMENT ON COLUMN footage.sync_quality IS 'How sure that is, 0..1 (vision.telemetry.synchronise).';
COMMENT ON COLUMN footage.created_at IS 'When it was named first (server).';
COMMENT ON COLUMN footage.received_at IS 'When the whole was in the store (server); null: not yet.';
COMMENT ON COLUMN footage.erased_at IS 'When its file was erased (server); null: it is there, or never came.';
COMMENT ON COLUMN footage.modified_at IS 'When the card says that the file was last written, which is when its recording ended (drone); null: not given.';
COMMENT ON COLUMN footage.read_at IS 'When its telemetry was looked for (server), found or not; null: not yet.';
COMMENT ON COLUMN footage.pixelated_sha256 IS 'Its small copy with people pixelated, in the store; null: none was made.';
COMMENT ON COLUMN footage.pixelated_bytes IS 'Size of that copy.';

CREATE TABLE building_sets (
    building_set_id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT building_sets_name UNIQUE,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    buildings integer NOT NULL CHECK (buildings > 0),
    south double precision NOT NULL,
    west double precision NOT NULL,
    north double precision NOT NULL,
    east double precision NOT NULL,
    added_at timestamptz NOT NULL,
    added_by text NOT NULL
);
COMMENT ON TABLE building_sets IS 'Files of building footprints, each by a name under which a newer one takes its place.';
COMMENT ON COLUMN building_sets.building_set_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN building_sets.name IS 'As the administrator calls it, such as the land register.';
COMMENT ON COLUMN building_sets.sha256 IS 'Of the file as it came; the file itself is not kept.';
COMMENT ON COLUMN building_sets.buildings IS 'How many areas are in it.';
COMMENT ON COLUMN building_sets.south IS 'Degrees, WGS 84, of all of them; likewise west, north, east.';
COMMENT ON COLUMN building_sets.west IS 'Degrees.';
COMMENT ON COLUMN building_sets.north IS 'Degrees.';
COMMENT ON COLUMN building_sets.east IS 'Degrees.';
COMMENT ON COLUMN building_sets.added_at IS 'When it was taken in (server).';
COMMENT ON COLUMN building_sets.added_by IS 'By whom.';

CREATE TABLE buildings (
    building_set_id uuid NOT NULL REFERENCES building_sets (building_set_id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number >= 0),
    south double precision NOT NULL,
    west double precision NOT NULL,
    north double precision NOT NULL,
    east double precision NOT NULL,
    roof_m double precision NOT NULL CHECK (roof_m >= 0),
    rings jsonb NOT NULL,
    PRIMARY KEY (building_set_id, number)
);
CREATE INDEX buildings_by_place ON buildings (south, west);
COMMENT ON TABLE buildings IS 'Footprints of buildings.';
COMMENT ON COLUMN buildings.building_set_id IS 'From which file.';
COMMENT ON COLUMN buildings.number IS 'Which of its areas, from 0.';
COMMENT ON COLUMN buildings.south IS 'Degrees, WGS 84, of its outline; likewise west, north, east.';
COMMENT ON COLUMN buildings.west IS 'Degrees.';
COMMENT ON COLUMN buildings.north IS 'Degrees.';
COMMENT ON COLUMN buildings.east IS 'Degrees.';
COMMENT ON COLUMN buildings.roof_m IS 'Height of its roof above the ground, as the file says or as of three floors.';
COMMENT ON COLUMN buildings.rings IS 'Its outline and courts: rings of [lat, lon].';

CREATE TABLE telemetry_samples (
    footage_id uuid NOT NULL,
    at timestamptz NOT NULL,
    row integer NOT NULL,
    time_s double precision,
    lat double precision,
    lon double precision,
    rel_alt_m double precision,
    abs_alt_m double precision,
    gimbal_yaw_deg double precision,
    gimbal_pitch_deg double precision,
    gimbal_roll_deg double precision,
    focal_length_mm double precision,
    zoom double precision,
    notes jsonb,
    focal_length_equivalent_mm double precision,
    horizontal_view_deg double precision,
    vertical_view_deg double precision,
    position_error_m double precision,
    PRIMARY KEY (footage_id, row, at)
);
COMMENT ON TABLE telemetry_samples IS 'Where the aircraft and its camera were, moment by moment (vision.telemetry.sample); a hypertable on at.';
COMMENT ON COLUMN telemetry_samples.footage_id IS 'The file that says so: the video, also where a file beside it does. No foreign key: see device_metrics.';
COMMENT ON COLUMN telemetry_samples.at IS 'When (the drone''s clock; where that is unknown or impossible, the receipt plus time_s).';
COMMENT ON COLUMN telemetry_samples.row IS 'Which row of the telemetry, from 1.';
COMMENT ON COLUMN telemetry_samples.time_s IS 'Seconds from the video''s first picture.';
COMMENT ON COLUMN telemetry_samples.lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN telemetry_samples.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN telemetry_samples.rel_alt_m IS 'Above take-off.';
COMMENT ON COLUMN telemetry_samples.abs_alt_m IS 'Above the file''s own datum.';
COMMENT ON COLUMN telemetry_samples.gimbal_yaw_deg IS 'From true north, clockwise.';
COMMENT ON COLUMN telemetry_samples.gimbal_pitch_deg IS '0 at the horizon, -90 straight down.';
COMMENT ON COLUMN telemetry_samples.gimbal_roll_deg IS 'Clockwise.';
COMMENT ON COLUMN telemetry_samples.focal_length_mm IS 'As the file has it.';
COMMENT ON COLUMN telemetry_samples.zoom IS 'Digital zoom, 1 is none.';
COMMENT ON COLUMN telemetry_samples.notes IS 'What is doubtful about the row; null: nothing.';
COMMENT ON COLUMN telemetry_samples.focal_length_equivalent_mm IS 'For a frame of 36 x 24 mm, where the file tells.';
COMMENT ON COLUMN telemetry_samples.horizontal_view_deg IS 'Angle from the left to the right edge of the picture.';
COMMENT ON COLUMN telemetry_samples.vertical_view_deg IS 'Angle from its upper to its lower edge.';
COMMENT ON COLUMN telemetry_samples.position_error_m IS 'The file''s own horizontal accuracy.';

CREATE TABLE analyses (
    analysis_id uuid PRIMARY KEY,
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    state text NOT NULL CHECK (state IN ('queued', 'running', 'cancelled', 'failed', 'done')),
    stage text,
    progress double precision NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    began_at timestamptz,
    beat_at timestamptz,
    ended_at timestamptz,
    cancelled_by text,
    error text,
    summary jsonb,
    model jsonb,
    CHECK ((state IN ('cancelled', 'failed', 'done')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX analyses_under_way ON analyses (flight_id) WHERE state IN ('queued', 'running');
CREATE INDEX analyses_by_flight ON analyses (flight_id, asked_at DESC);
COMMENT ON TABLE analyses IS 'Looks through a flight''s footage by the machine; at most one of a flight is under way.';
COMMENT ON COLUMN analyses.analysis_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN analyses.flight_id IS 'Of which flight.';
COMMENT ON COLUMN analyses.state IS 'queued, running, cancelled, failed (error says why), done.';
COMMENT ON COLUMN analyses.stage IS 'What it is at; null before it began.';
COMMENT ON COLUMN analyses.progress IS '0..1 of the whole.';
COMMENT ON COLUMN analyses.attempts IS 'How often a worker took it up.';
COMMENT ON COLUMN analyses.asked_at IS 'When it was asked for (server).';
COMMENT ON COLUMN analyses.asked_by IS 'User name, or room.';
COMMENT ON COLUMN analyses.began_at IS 'When a worker first took it up (server).';
COMMENT ON COLUMN analyses.beat_at IS 'Last sign of life of the worker (server).';
COMMENT ON COLUMN analyses.ended_at IS 'When it ended (server).';
COMMENT ON COLUMN analyses.cancelled_by IS 'Who stopped it.';
COMMENT ON COLUMN analyses.error IS 'Why it failed, one line.';
COMMENT ON COLUMN analyses.summary IS 'What was looked at, counted, refused and skipped; people and vehicles are numbers only.';
COMMENT ON COLUMN analyses.model IS 'Name and sha256 of the detection model.';

CREATE TABLE analysis_spans (
    analysis_id uuid NOT NULL REFERENCES analyses (analysis_id),
    footage_id uuid NOT NULL REFERENCES footage (footage_id),
    span integer NOT NULL CHECK (span >= 0),
    result jsonb NOT NULL,
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (analysis_id, footage_id, span)
);
COMMENT ON TABLE analysis_spans IS 'Pieces of an analysis that are done, so that a killed worker does none twice; they leave when it ends.';
COMMENT ON COLUMN analysis_spans.analysis_id IS 'Of which analysis.';
COMMENT ON COLUMN analysis_spans.footage_id IS 'Of which video or still.';
COMMENT ON COLUMN analysis_spans.span IS 'Which piece, from 0.';
COMMENT ON COLUMN analysis_spans.result IS 'What vision.footage made of it.';
COMMENT ON COLUMN analysis_spans.ended_at IS 'When (server).';

CREATE TABLE sites (
    site_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    name text NOT NULL CHECK (name <> ''),
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    ce90_m double precision NOT NULL CHECK (ce90_m >= 0),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ordered', 'cleaned', 'recurring')),
    waste_classes text[] NOT NULL DEFAULT '{}',
    land_owner text,
    note text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    cleaned_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    merged_into uuid REFERENCES sites (site_id),
    CHECK (first_seen_at <= last_seen_at)
);
CREATE INDEX sites_by_place ON sites (map_cell(lat, lon)) WHERE merged_into IS NULL;
CREATE INDEX sites_newest ON sites (last_seen_at DESC, site_id DESC) WHERE merged_into IS NULL;
COMMENT ON TABLE sites IS 'Places where dumping recurs. Of places only: nothing here is of a person.';
COMMENT ON COLUMN sites.site_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN sites.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN sites.name IS 'What people call it; made of its place until somebody names it.';
COMMENT ON COLUMN sites.lat IS 'Degrees, WGS 84: of what was seen there, each weighed by its error.';
COMMENT ON COLUMN sites.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN sites.ce90_m IS 'Radius that holds it with 90 %.';
COMMENT ON COLUMN sites.status IS 'open; ordered: its cleaning was; cleaned; recurring: waste came again after a cleaning.';
COMMENT ON COLUMN sites.waste_classes IS 'Codes of the European Waste Catalogue (Decision 2000/532/EC), such as 20 03 07.';
COMMENT ON COLUMN sites.land_owner IS 'Whose ground, in words; null: not known.';
COMMENT ON COLUMN sites.note IS 'In words.';
COMMENT ON COLUMN sites.first_seen_at IS 'When something was first seen there (drone or camera).';
COMMENT ON COLUMN sites.last_seen_at IS 'When last.';
COMMENT ON COLUMN sites.cleaned_at IS 'When it was last said to be clean (server); null: never.';
COMMENT ON COLUMN sites.created_at IS 'When it was made (server).';
COMMENT ON COLUMN sites.created_by IS 'User name, or room.';
COMMENT ON COLUMN sites.merged_into IS 'The site that it turned out to be; null: it stands by itself.';

CREATE TABLE findings (
    finding_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    footage_id uuid REFERENCES footage (footage_id),
    analysis_id uuid REFERENCES analyses (analysis_id),
    state text NOT NULL CHECK (state IN ('candidate', 'confirmed', 'rejected', 'merged')),
    label text NOT NULL,
    confidence double precision CHECK (confidence BETWEEN 0 AND 1),
    score double precision NOT NULL DEFAULT 0,
    reasons jsonb NOT NULL DEFAULT '[]',
    seen_at timestamptz NOT NULL,
    time_s double precision,
    box jsonb,
    looks integer NOT NULL DEFAULT 1 CHECK (looks >= 1),
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    ce90_m double precision CHECK (ce90_m >= 0),
    ellipse jsonb,
    depression_deg double precision,
    method text NOT NULL,
    picture_sha256 text CHECK (picture_sha256 ~ '^[0-9a-f]{64}$'),
    waste_class text,
    note text,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    reviewed_by text,
    reviewed_at timestamptz,
    merged_into uuid REFERENCES findings (finding_id),
    site_id uuid REFERENCES sites (site_id),
    event_id uuid,
    placed_by_hand boolean NOT NULL DEFAULT false,
    CHECK ((lat IS NULL) = (lon IS NULL)),
    CHECK ((lat IS NULL) = (ce90_m IS NULL)),
    CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    CHECK ((state = 'candidate') = (reviewed_at IS NULL)),
    CHECK (state <> 'confirmed' OR event_id IS NOT NULL)
);
CREATE INDEX findings_by_flight ON findings (flight_id, score DESC, finding_id);
CREATE INDEX findings_by_place ON findings (map_cell(lat, lon)) WHERE lat IS NOT NULL AND state <> 'rejected';
CREATE INDEX findings_by_site ON findings (site_id, seen_at DESC) WHERE site_id IS NOT NULL;
CREATE INDEX findings_by_picture ON findings (picture_sha256) WHERE picture_sha256 IS NOT NULL;
COMMENT ON TABLE findings IS 'Things in footage put on the ground: candidates of the machine and what people added; dumping only when a person says so.';
COMMENT ON COLUMN findings.finding_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN findings.version IS 'Counts acts of people on it, from 1.';
COMMENT ON COLUMN findings.flight_id IS 'Of which flight.';
COMMENT ON COLUMN findings.footage_id IS 'In which video or still; null: its file was never named.';
COMMENT ON COLUMN findings.analysis_id IS 'Which analysis proposed it; null: a person did.';
COMMENT ON COLUMN findings.state IS 'candidate, confirmed, rejected, or merged into another that shows the same.';
COMMENT ON COLUMN findings.label IS 'What the detector took it for, unusual, changed, or what a person wrote.';
COMMENT ON COLUMN findings.confidence IS 'Of the detector, 0..1; null: no detector named it.';
COMMENT ON COLUMN findings.score IS 'Order of the queue, the greatest first.';
COMMENT ON COLUMN findings.reasons IS 'Why it is proposed: a list of codes with values.';
COMMENT ON COLUMN findings.seen_at IS 'When it was seen best (drone).';
COMMENT ON COLUMN findings.time_s IS 'That moment in its video, seconds from the first picture; null: a still.';
COMMENT ON COLUMN findings.box IS 'Where in that picture, [x1, y1, x2, y2] in 0..1; null: a point a person gave on the map.';
COMMENT ON COLUMN findings.looks IS 'In how many pictures it was seen.';
COMMENT ON COLUMN findings.lat IS 'Degrees, WGS 84; null: method says why it has no place.';
COMMENT ON COLUMN findings.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN findings.ce90_m IS 'Radius that holds the true place with 90 %.';
COMMENT ON COLUMN findings.ellipse IS 'Of the same 90 %: semi_major_m, semi_minor_m, bearing_deg of the major axis; null: not known.';
COMMENT ON COLUMN findings.depression_deg IS 'How steeply the camera looked down at it.';
COMMENT ON COLUMN findings.method IS 'How it was placed (vision.georeference), by hand, or why it was refused.';
COMMENT ON COLUMN findings.picture_sha256 IS 'The picture that shows it, people pixelated, in the store; null: none yet, or erased.';
COMMENT ON COLUMN findings.waste_class IS 'Code of the European Waste Catalogue; null: not said.';
COMMENT ON COLUMN findings.note IS 'In words.';
COMMENT ON COLUMN findings.added_by IS 'User name, or room.';
COMMENT ON COLUMN findings.added_at IS 'When (server).';
COMMENT ON COLUMN findings.reviewed_by IS 'Who judged it; null while a candidate.';
COMMENT ON COLUMN findings.reviewed_at IS 'When (server).';
COMMENT ON COLUMN findings.merged_into IS 'The finding that shows the same; null otherwise.';
COMMENT ON COLUMN findings.site_id IS 'The site that it belongs to; null: none.';
COMMENT ON COLUMN findings.event_id IS 'The event of rule drone_finding that it became; null unless confirmed once.';
COMMENT ON COLUMN findings.placed_by_hand IS 'Its place is what a person gave on the map: telemetry and known points do not move it.';

CREATE FUNCTION protected_footage(moment timestamptz)
    RETURNS TABLE (footage_id uuid, flight_id uuid, because text)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT footage.footage_id, footage.flight_id, 'hold ' || holds.hold_id
    FROM holds JOIN footage ON footage.flight_id = holds.flight_id
    WHERE holds.released_at IS NULL AND coalesce(holds.until > moment, true)
    UNION ALL
    SELECT footage.footage_id, footage.flight_id, 'alert ' || protected.alert_id
    FROM protected_alerts(moment) AS protected
    JOIN findings ON findings.event_id = protected.event_id
    JOIN footage ON footage.footage_id = findings.footage_id;
END;
COMMENT ON FUNCTION protected_footage IS 'Files of flights that must stay at that moment, and why: of held flights, and those that a finding with a protected alert is in.';

CREATE TABLE finding_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finding_id uuid NOT NULL REFERENCES findings (finding_id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    changed jsonb,
    reason text
);
CREATE INDEX finding_history_of ON finding_history (finding_id, history_id);
CREATE TRIGGER finding_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON finding_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE finding_history IS 'Who judged, moved or merged a finding; rows are only added.';
COMMENT ON COLUMN finding_history.history_id IS 'Order of the rows.';
COMMENT ON COLUMN finding_history.finding_id IS 'Of which finding.';
COMMENT ON COLUMN finding_history.at IS 'When (server).';
COMMENT ON COLUMN finding_history.actor IS 'User name, or room.';
COMMENT ON COLUMN finding_history.action IS 'What was done, such as confirm, reject, merge, place.';
COMMENT ON COLUMN finding_history.changed IS 'Columns that changed, each [before, after]; null: none.';
COMMENT ON COLUMN finding_history.reason IS 'Why, as given.';

CREATE TABLE batteries (
    battery_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    name text NOT NULL CHECK (name <> ''),
    serial_number text,
    aircraft_id uuid REFERENCES aircraft (aircraft_id),
    cycles_before integer NOT NULL DEFAULT 0 CHECK (cycles_before >= 0),
    hours_before double precision NOT NULL DEFAULT 0 CHECK (hours_before >= 0),
    cycles_limit integer CHECK (cycles_limit > 0),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    retired_at timestamptz
);
CREATE UNIQUE INDEX batteries_serial_number ON batteries (serial_number) WHERE serial_number IS NOT NULL;
COMMENT ON TABLE batteries IS 'Batteries of the drones; their cycles and hours are counted from the flights that used them.';
COMMENT ON COLUMN batteries.battery_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN batteries.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN batteries.name IS 'What is written on it.';
COMMENT ON COLUMN batteries.serial_number IS 'Of its maker; null: not given.';
COMMENT ON COLUMN batteries.aircraft_id IS 'The aircraft that it is for; null: several.';
COMMENT ON COLUMN batteries.cycles_before IS 'Charged and used before this log began.';
COMMENT ON COLUMN batteries.hours_before IS 'In the air before this log began.';
COMMENT ON COLUMN batteries.cycles_limit IS 'After how many its maker wants it retired; null: not said.';
COMMENT ON COLUMN batteries.created_at IS 'When it was added (server).';
COMMENT ON COLUMN batteries.created_by IS 'By whom.';
COMMENT ON COLUMN batteries.retired_at IS 'From when it is not used any more (server); null: it is.';

CREATE TABLE flight_batteries (
    flight_id uuid NOT NULL REFERENCES flights (flight_id) ON DELETE CASCADE,
    battery_id uuid NOT NULL REFERENCES batteries (battery_id),
    PRIMARY KEY (flight_id, battery_id)
);
CREATE INDEX flight_batteries_by_battery ON flight_batteries (battery_id);
COMMENT ON TABLE flight_batteries IS 'Which batteries a flight used: a cycle of each.';
COMMENT ON COLUMN flight_batteries.flight_id IS 'Of which flight.';
COMMENT ON COLUMN flight_batteries.battery_id IS 'Which battery.';

CREATE TABLE aircraft_records (
    record_id uuid PRIMARY KEY,
    aircraft_id uuid NOT NULL REFERENCES aircraft (aircraft_id),
    battery_id uuid REFERENCES batteries (battery_id),
    flight_id uuid REFERENCES flights (flight_id),
    kind text NOT NULL CHECK (kind IN ('defect', 'repair', 'inspection', 'configuration')),
    found_at timestamptz NOT NULL,
    what text NOT NULL CHECK (what <> ''),
    grounds boolean NOT NULL DEFAULT false,
    added_at timestamptz NOT NULL,
    added_by text NOT NULL,
    settled_at timestamptz,
    settled_by text,
    settled_how text,
    CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
    CHECK (kind = 'defect' OR NOT grounds)
);
CREATE INDEX aircraft_records_of ON aircraft_records (aircraft_id, found_at DESC);
COMMENT ON TABLE aircraft_records IS 'Defects, repairs, inspections and changes of configuration of aircraft (UAS.SPEC.050(1)(g)).';
COMMENT ON COLUMN aircraft_records.record_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN aircraft_records.aircraft_id IS 'Of which aircraft.';
COMMENT ON COLUMN aircraft_records.battery_id IS 'Of which battery of it; null: of the aircraft itself.';
COMMENT ON COLUMN aircraft_records.flight_id IS 'In which flight it was found; null: in none.';
COMMENT ON COLUMN aircraft_records.kind IS 'defect, repair, inspection or configuration.';
COMMENT ON COLUMN aircraft_records.found_at IS 'When it was found or done, as a person gave it.';
COMMENT ON COLUMN aircraft_records.what IS 'In words.';
COMMENT ON COLUMN aircraft_records.grounds IS 'A defect with which it must not fly.';
COMMENT ON COLUMN aircraft_records.added_at IS 'When it was written (server).';
COMMENT ON COLUMN aircraft_records.added_by IS 'By whom.';
COMMENT ON COLUMN aircraft_records.settled_at IS 'When a defect was mended (server); null: it is open, or is none.';
COMMENT ON COLUMN aircraft_records.settled_by IS 'Who said so.';
COMMENT ON COLUMN aircraft_records.settled_how IS 'How, in words.';

CREATE TABLE authorisation_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    authorisation_id uuid NOT NULL REFERENCES authorisations (authorisation_id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL CHECK (action IN ('add', 'extend', 'revoke')),
    reason text
);
CREATE INDEX authorisation_history_of ON authorisation_history (authorisation_id, history_id);
CREATE TRIGGER authorisation_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON authorisation_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE UNIQUE INDEX authorisations_extended_once ON authorisations (extension_of) WHERE extension_of IS NOT NULL;
COMMENT ON TABLE authorisation_history IS 'Who added, extended or revoked a permission; rows are only added.';
COMMENT ON COLUMN authorisation_history.history_id IS 'Order of the rows.';
COMMENT ON COLUMN authorisation_history.authorisation_id IS 'Which permission.';
COMMENT ON COLUMN authorisation_history.at IS 'When (server).';
COMMENT ON COLUMN authorisation_history.actor IS 'User name.';
COMMENT ON COLUMN authorisation_history.action IS 'add, extend or revoke.';
COMMENT ON COLUMN authorisation_history.reason IS 'Why, as given.';

CREATE TABLE urgent_notices (
    flight_id uuid PRIMARY KEY REFERENCES flights (flight_id),
    told_at timestamptz NOT NULL,
    told_to text NOT NULL CHECK (told_to <> ''),
    register_number text,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL
);
COMMENT ON TABLE urgent_notices IS 'That the authority was told of an urgent flight within 24 hours (LO 7/2021 art. 17).';
COMMENT ON COLUMN urgent_notices.flight_id IS 'Of which flight.';
COMMENT ON COLUMN urgent_notices.told_at IS 'When it was told, as a person gave it.';
COMMENT ON COLUMN urgent_notices.told_to IS 'Whom.';
COMMENT ON COLUMN urgent_notices.register_number IS 'Under which number it left; null: not given.';
COMMENT ON COLUMN urgent_notices.written_at IS 'When that was entered (server).';
COMMENT ON COLUMN urgent_notices.written_by IS 'By whom.';

CREATE TABLE use_reports (
    report_id uuid PRIMARY KEY,
    covers_from date NOT NULL,
    covers_to date NOT NULL,
    flights integer NOT NULL CHECK (flights >= 0),
    sent_at timestamptz NOT NULL,
    sent_to text NOT NULL CHECK (sent_to <> ''),
    register_number text,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL,
    CHECK (covers_from <= covers_to)
);
CREATE INDEX use_reports_newest ON use_reports (covers_to DESC);
COMMENT ON TABLE use_reports IS 'Reports of the use of mobile cameras that were sent to the Commission each fortnight (LO 4/1997 art. 5).';
COMMENT ON COLUMN use_reports.report_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN use_reports.covers_from IS 'First day, of the town.';
COMMENT ON COLUMN use_reports.covers_to IS 'Last day, of the town.';
COMMENT ON COLUMN use_reports.flights IS 'How many flights it names.';
COMMENT ON COLUMN use_reports.sent_at IS 'When it was sent, as a person gave it.';
COMMENT ON COLUMN use_reports.sent_to IS 'To whom.';
COMMENT ON COLUMN use_reports.register_number IS 'Under which number it left; null: not given.';
COMMENT ON COLUMN use_reports.written_at IS 'When that was entered (server).';
COMMENT ON COLUMN use_reports.written_by IS 'By whom.';

CREATE TABLE geozone_datasets (
    dataset_id uuid PRIMARY KEY,
    source text NOT NULL CHECK (source <> ''),
    version integer NOT NULL CHECK (version >= 1),
    dialect text NOT NULL CHECK (dialect IN ('ed269_zone_list', 'ed269_features', 'ed318')),
    title text,
    issued_at timestamptz,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    zones integer NOT NULL CHECK (zones >= 1),
    doubts jsonb NOT NULL DEFAULT '[]',
    imported_at timestamptz NOT NULL,
    imported_by text NOT NULL,
    replaced_at timestamptz,
    UNIQUE (source, version)
);
CREATE UNIQUE INDEX geozone_datasets_present ON geozone_datasets (source) WHERE replaced_at IS NULL;
COMMENT ON TABLE geozone_datasets IS 'Files of UAS geographical zones as they were taken in; a newer one of the same source replaces the older, which stays.';
COMMENT ON COLUMN geozone_datasets.dataset_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN geozone_datasets.source IS 'Who publishes it, as a person named it.';
COMMENT ON COLUMN geozone_datasets.version IS 'Counts the files of this source, from 1.';
COMMENT ON COLUMN geozone_datasets.dialect IS 'ed269_zone_list, ed269_features or ed318.';
COMMENT ON COLUMN geozone_datasets.title IS 'As the file calls itself; null: it does not.';
COMMENT ON COLUMN geozone_datasets.issued_at IS 'When its publisher made it, as the file says; null: it does not.';
COMMENT ON COLUMN geozone_datasets.sha256 IS 'Of the file.';
COMMENT ON COLUMN geozone_datasets.zones IS 'How many it holds.';
COMMENT ON COLUMN geozone_datasets.doubts IS 'Codes of how the whole file was read against its format.';
COMMENT ON COLUMN geozone_datasets.imported_at IS 'When it was taken in (server).';
COMMENT ON COLUMN geozone_datasets.imported_by IS 'By whom.';
COMMENT ON COLUMN geozone_datasets.replaced_at IS 'When a newer one took its place (server); null: it is the present one.';

CREATE TABLE geozones (
    geozone_id uuid PRIMARY KEY,
    dataset_id uuid NOT NULL REFERENCES geozone_datasets (dataset_id),
    identifier text NOT NULL,
    country text NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('PROHIBITED', 'REQ_AUTHORISATION', 'CONDITIONAL', 'NO_RESTRICTION', 'USPACE', 'UNKNOWN')),
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    search text NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX geozones_of ON geozones (dataset_id, identifier, geozone_id);
CREATE INDEX geozones_by_place ON geozones USING gist (box(point(west, south), point(east, north)));
COMMENT ON TABLE geozones IS 'The zones of the datasets.';
COMMENT ON COLUMN geozones.geozone_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN geozones.dataset_id IS 'Of which dataset.';
COMMENT ON COLUMN geozones.identifier IS 'As its authority calls it; files use one for several zones.';
COMMENT ON COLUMN geozones.country IS 'As the file has it.';
COMMENT ON COLUMN geozones.kind IS 'What it asks of a flight.';
COMMENT ON COLUMN geozones.west IS 'Degrees, WGS 84: of all its volumes.';
COMMENT ON COLUMN geozones.south IS 'Degrees.';
COMMENT ON COLUMN geozones.east IS 'Degrees.';
COMMENT ON COLUMN geozones.north IS 'Degrees.';
COMMENT ON COLUMN geozones.search IS 'Identifier and names in small letters, to be looked through.';
COMMENT ON COLUMN geozones.document IS 'The whole zone (control_room.geozones.zone.Geozone).';

CREATE TABLE flight_checks (
    flight_id uuid PRIMARY KEY REFERENCES flights (flight_id) ON DELETE CASCADE,
    inputs text NOT NULL,
    computed_at timestamptz NOT NULL,
    result jsonb NOT NULL
);
COMMENT ON TABLE flight_checks IS 'What the replay of a flight against geozones, heights, sight, daylight and permission found.';
COMMENT ON COLUMN flight_checks.flight_id IS 'Of which flight.';
COMMENT ON COLUMN flight_checks.inputs IS 'Fingerprint of what it was made from; another one: it is made again.';
COMMENT ON COLUMN flight_checks.computed_at IS 'When (server).';
COMMENT ON COLUMN flight_checks.result IS 'control_room.flight_log.checks.Result.';

CREATE FUNCTION flight_check_inputs(settings text)
RETURNS TABLE (flight_id uuid, inputs text) LANGUAGE sql STABLE AS $$
    SELECT flights.flight_id, md5(concat_ws('|', settings, flights.authorisation_id, flights.urgent_reason,
        flights.take_off_lat, flights.take_off_lon, flights.take_off_elevation_m,
        jsonb_array_length(flights.track), flights.updated_at,
        (SELECT concat_ws('|', valid_to, revoked_at)
         FROM authorisations WHERE authorisations.authorisation_id = flights.authorisation_id),
        (SELECT concat_ws('|', count(*), max(imported_at)) FROM geozone_datasets),
        (SELECT string_agg(concat_ws(' ', footage.footage_id, footage.state, footage.telemetry ->> 'rows'), ','
                           ORDER BY footage.footage_id)
         FROM footage WHERE footage.flight_id = flights.flight_id AND footage.telemetry IS NOT NULL)))
    FROM flights
$$;
COMMENT ON FUNCTION flight_check_inputs IS 'Of each flight a fingerprint of what its replay rests on: itself, its permission, geozones, telemetry and settings.';

CREATE TABLE room_outbox (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    device_id text NOT NULL REFERENCES devices (device_id),
    outbox_id uuid NOT NULL
);
COMMENT ON TABLE room_outbox IS 'As which device the room itself reports what people found in footage. That device is revoked from its first moment: nobody may speak as it over the wire.';
COMMENT ON COLUMN room_outbox.only_one IS 'There is one row.';
COMMENT ON COLUMN room_outbox.device_id IS 'Its row in devices.';
COMMENT ON COLUMN room_outbox.outbox_id IS 'Of its messages; their count is in outboxes.';

CREATE TABLE known_points (
    known_point_id uuid PRIMARY KEY,
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    footage_id uuid NOT NULL REFERENCES footage (footage_id),
    time_s double precision,
    x double precision NOT NULL CHECK (x BETWEEN 0 AND 1),
    y double precision NOT NULL CHECK (y BETWEEN 0 AND 1),
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    added_at timestamptz NOT NULL,
    added_by text NOT NULL,
    removed_at timestamptz
);
CREATE INDEX known_points_by_flight ON known_points (flight_id) WHERE removed_at IS NULL;
COMMENT ON TABLE known_points IS 'Points of a flight''s pictures of which somebody knows where they are: they correct the places of the whole flight.';
COMMENT ON COLUMN known_points.known_point_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN known_points.flight_id IS 'Of which flight.';
COMMENT ON COLUMN known_points.footage_id IS 'In which video or still.';
COMMENT ON COLUMN known_points.time_s IS 'Moment of the video, seconds from its first picture; null: a still.';
COMMENT ON COLUMN known_points.x IS 'In the picture, 0..1 from the left.';
COMMENT ON COLUMN known_points.y IS 'In the picture, 0..1 from the top.';
COMMENT ON COLUMN known_points.lat IS 'Where it truly is, degrees WGS 84.';
COMMENT ON COLUMN known_points.lon IS 'Where it truly is, degrees WGS 84.';
COMMENT ON COLUMN known_points.added_at IS 'When (server).';
COMMENT ON COLUMN known_points.added_by IS 'User name.';
COMMENT ON COLUMN known_points.removed_at IS 'When it was taken back (server); null: it counts.';

CREATE TABLE site_visits (
    site_id uuid NOT NULL REFERENCES sites (site_id),
    visit_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('finding', 'alert', 'look', 'person')),
    at timestamptz NOT NULL,
    finding_id uuid REFERENCES findings (finding_id),
    alert_id uuid REFERENCES alerts (alert_id),
    flight_id uuid REFERENCES flights (flight_id),
    footage_id uuid REFERENCES footage (footage_id),
    time_s double precision,
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    ce90_m double precision CHECK (ce90_m >= 0),
    before_sha256 text CHECK (before_sha256 ~ '^[0-9a-f]{64}$'),
    after_sha256 text CHECK (after_sha256 ~ '^[0-9a-f]{64}$'),
    changed_share double precision CHECK (changed_share BETWEEN 0 AND 1),
    actor text NOT NULL,
    note text,
    PRIMARY KEY (site_id, visit_id),
    CHECK ((kind = 'finding') = (finding_id IS NOT NULL)),
    CHECK ((kind = 'alert') = (alert_id IS NOT NULL)),
    CHECK ((lat IS NULL) = (lon IS NULL))
);
CREATE UNIQUE INDEX site_visits_of_finding ON site_visits (finding_id) WHERE finding_id IS NOT NULL;
CREATE UNIQUE INDEX site_visits_of_alert ON site_visits (alert_id) WHERE alert_id IS NOT NULL;
CREATE UNIQUE INDEX site_visits_of_flight ON site_visits (site_id, flight_id) WHERE kind = 'look';
CREATE INDEX site_visits_of ON site_visits (site_id, at DESC);
CREATE INDEX site_visits_by_before ON site_visits (before_sha256) WHERE before_sha256 IS NOT NULL;
CREATE INDEX site_visits_by_after ON site_visits (after_sha256) WHERE after_sha256 IS NOT NULL;
COMMENT ON TABLE site_visits IS 'Each time that something was seen at a site, or that somebody or a flight looked.';
COMMENT ON COLUMN site_visits.site_id IS 'Of which site.';
COMMENT ON COLUMN site_visits.visit_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN site_visits.kind IS 'finding: confirmed in footage; alert: of a camera, confirmed; look: a flight''s pictures show the place; person: somebody changed its status or wrote a note.';
COMMENT ON COLUMN site_visits.at IS 'When (drone or camera; of a person, server).';
COMMENT ON COLUMN site_visits.finding_id IS 'Which finding; null for other kinds.';
COMMENT ON COLUMN site_visits.alert_id IS 'Which alert; null for other kinds.';
COMMENT ON COLUMN site_visits.flight_id IS 'In which flight; null: none.';
COMMENT ON COLUMN site_visits.footage_id IS 'Of a look: where its best picture is.';
COMMENT ON COLUMN site_visits.time_s IS 'And when in that video; null: a still.';
COMMENT ON COLUMN site_visits.lat IS 'Where it was seen, degrees WGS 84; null: nothing of its own.';
COMMENT ON COLUMN site_visits.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN site_visits.ce90_m IS 'Radius that holds it with 90 %.';
COMMENT ON COLUMN site_visits.before_sha256 IS 'The place at the look before, people pixelated, laid over after; null: none, or erased.';
COMMENT ON COLUMN site_visits.after_sha256 IS 'The place at this look, people pixelated; null: none, or erased.';
COMMENT ON COLUMN site_visits.changed_share IS 'Of the place that changed between both, 0..1; null: not compared.';
COMMENT ON COLUMN site_visits.actor IS 'User name, or room.';
COMMENT ON COLUMN site_visits.note IS 'In words; of a person what was done.';

CREATE TABLE live_recordings (
    live_recording_id uuid PRIMARY KEY,
    recording_id uuid NOT NULL,
    part integer NOT NULL CHECK (part >= 1),
    source_id uuid NOT NULL,
    flight_id uuid REFERENCES flights (flight_id) ON DELETE SET NULL,
    authorisation_id uuid REFERENCES authorisations (authorisation_id) ON DELETE SET NULL,
    footage_id uuid REFERENCES footage (footage_id) ON DELETE SET NULL,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL CHECK (bytes > 0),
    captured_from timestamptz NOT NULL,
    captured_to timestamptz NOT NULL,
    width_px integer NOT NULL CHECK (width_px > 0),
    height_px integer NOT NULL CHECK (height_px > 0),
    pictures integer NOT NULL CHECK (pictures > 0),
    transcoded boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL,
    erased_at timestamptz,
    UNIQUE (recording_id, part),
    CHECK (captured_from <= captured_to),
    CHECK (sha256 IS NULL OR (footage_id IS NULL AND erased_at IS NULL))
);
CREATE INDEX live_recordings_of ON live_recordings (source_id, captured_from DESC, live_recording_id DESC);
CREATE INDEX live_recordings_by_age ON live_recordings (captured_to) WHERE sha256 IS NOT NULL;
CREATE INDEX live_recordings_by_sha256 ON live_recordings (sha256) WHERE sha256 IS NOT NULL;
COMMENT ON TABLE live_recordings IS 'Files of what drones and telephones sent live, packet by packet as it came.';
COMMENT ON COLUMN live_recordings.live_recording_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN live_recordings.recording_id IS 'Of all files from the beginning of its sending to the end; UUIDv7 of the media process.';
COMMENT ON COLUMN live_recordings.part IS 'Which of these files, from 1.';
COMMENT ON COLUMN live_recordings.source_id IS 'Whose. No foreign key: a source may go before its recordings.';
COMMENT ON COLUMN live_recordings.flight_id IS 'Under which flight''s record; null: under none.';
COMMENT ON COLUMN live_recordings.authorisation_id IS 'Under which permission; null: the flight''s own.';
COMMENT ON COLUMN live_recordings.footage_id IS 'The flight''s file that it became: the file is kept there; null: it is of no flight.';
COMMENT ON COLUMN live_recordings.sha256 IS 'Of the whole file, also its name in the store; null: it is the footage''s, or erased.';
COMMENT ON COLUMN live_recordings.bytes IS 'Size of the whole file.';
COMMENT ON COLUMN live_recordings.captured_from IS 'When its first picture came (server).';
COMMENT ON COLUMN live_recordings.captured_to IS 'When its last one came (server).';
COMMENT ON COLUMN live_recordings.width_px IS 'Of its pictures.';
COMMENT ON COLUMN live_recordings.height_px IS 'Of its pictures.';
COMMENT ON COLUMN live_recordings.pictures IS 'How many.';
COMMENT ON COLUMN live_recordings.transcoded IS 'They were H.265 and are coded again: not as they were sent.';
COMMENT ON COLUMN live_recordings.received_at IS 'When it was in the store (server).';
COMMENT ON COLUMN live_recordings.erased_at IS 'When its file was erased (server); null: it is there, or the footage''s.';

CREATE TABLE live_pulls (
    source_id uuid PRIMARY KEY,
    address text NOT NULL CHECK (address ~ '^rtsps?://'),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
);
COMMENT ON TABLE live_pulls IS 'Live sources that are fetched from an RTSP server instead of sending themselves.';
COMMENT ON COLUMN live_pulls.source_id IS 'Which source. No foreign key: see live_recordings.';
COMMENT ON COLUMN live_pulls.address IS 'rtsp:// or rtsps://, with user and password where the server asks for them; shown without.';
COMMENT ON COLUMN live_pulls.set_by IS 'User name.';
COMMENT ON COLUMN live_pulls.set_at IS 'When (server).';

-- Live stream ----------------------------------------------------------------------------------------------------------

CREATE TABLE stream (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('alert', 'camera', 'device', 'command', 'flight', 'finding', 'site', 'position')),
    payload jsonb NOT NULL
);
CREATE INDEX stream_by_age ON stream (at);
COMMENT ON TABLE stream IS 'Changes that screens show, for fan-out and resume; written by control_room/stream/publish.py only, kept 24 h.';
COMMENT ON COLUMN stream.id IS 'Id of the server-sent event; drawn under a lock, so a lower one is never seen after a higher one.';
COMMENT ON COLUMN stream.at IS 'When it was written (server).';
COMMENT ON COLUMN stream.kind IS 'alert, camera, device, command, flight, finding, site or position.';
COMMENT ON COLUMN stream.payload IS 'The whole item, as the list of its kind gives it.';

-- Items: what lists and stream show, one definition for both -----------------------------------------------------------

CREATE VIEW alert_items AS
SELECT
    alerts.alert_id, alerts.event_id, alerts.rule, alerts.camera_id, cameras.name AS camera_name, alerts.device_id,
    alerts.severity, alerts.state, alerts.version, alerts.opened_at, alerts.received_at, alerts.over_since,
    alerts.shelved_until, alerts.close_reason, alerts.confidence, alerts.zone,
    CASE WHEN alerts.lat IS NOT NULL THEN
        jsonb_build_object('lat', alerts.lat, 'lon', alerts.lon, 'accuracy_m', alerts.accuracy_m)
    END AS location,
    alerts.staged, files.snapshot_url, files.snapshot_annotated_url, files.clip_url, alerts.objects, alerts.time_fault
FROM alerts
LEFT JOIN cameras USING (device_id, camera_id)
LEFT JOIN LATERAL (
    SELECT
        max('/api/v1/evidence/' || evidence_id) FILTER (WHERE kind = 'snapshot') AS snapshot_url,
        max('/api/v1/evidence/' || evidence_id) FILTER (WHERE kind = 'snapshot_annotated') AS snapshot_annotated_url,
        max('/api/v1/evidence/' || evidence_id) FILTER (WHERE kind = 'clip') AS clip_url
    FROM evidence
    WHERE evidence.device_id = alerts.device_id AND evidence.event_id = alerts.event_id
        AND announced_at IS NOT NULL AND evidence.received_at IS NOT NULL AND erased_at IS NULL
) AS files ON true;
COMMENT ON VIEW alert_items IS 'An alert as lists and stream show it; the address of a file only when it can be had. Of several files of a kind the newest (UUIDv7).';

CREATE VIEW finding_items AS
SELECT
    findings.finding_id, findings.version, findings.flight_id, findings.footage_id, findings.state, findings.label,
    findings.confidence, findings.score, findings.reasons, findings.seen_at, findings.time_s, findings.box,
    findings.looks,
    CASE WHEN findings.lat IS NOT NULL THEN
        jsonb_build_object('lat', findings.lat, 'lon', findings.lon, 'ce90_m', findings.ce90_m,
                           'ellipse', findings.ellipse)
    END AS location,
    findings.depression_deg, findings.method, findings.placed_by_hand, findings.waste_class, findings.note,
    findings.added_by, findings.added_at, findings.reviewed_by, findings.reviewed_at, findings.merged_into,
    findings.site_id, sites.name AS site_name, alerts.alert_id,
    CASE WHEN findings.picture_sha256 IS NOT NULL THEN
        '/api/v1/findings/' || findings.finding_id || '/picture'
    END AS picture_url,
    findings.lat, findings.lon, findings.picture_sha256
FROM findings
LEFT JOIN sites USING (site_id)
LEFT JOIN room_outbox ON findings.event_id IS NOT NULL
LEFT JOIN alerts ON alerts.device_id = room_outbox.device_id AND alerts.event_id = findings.event_id;
COMMENT ON VIEW finding_items IS 'A finding as lists and stream show it.';

CREATE VIEW site_items AS
SELECT
    sites.site_id, sites.version, sites.name, sites.lat, sites.lon, sites.ce90_m, sites.status, sites.waste_classes,
    sites.land_owner, sites.note, sites.first_seen_at, sites.last_seen_at, sites.cleaned_at,
    coalesce(seen.findings, 0) AS findings, coalesce(seen.alerts, 0) AS alerts, coalesce(seen.looks, 0) AS looks,
    seen.last_look_at
FROM sites
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE kind = 'finding') AS findings, count(*) FILTER (WHERE kind = 'alert') AS alerts,
        count(*) FILTER (WHERE kind = 'look') AS looks,
        max(at) FILTER (WHERE kind IN ('finding', 'look')) AS last_look_at
    FROM site_visits WHERE site_visits.site_id = sites.site_id
) AS seen ON true
WHERE sites.merged_into IS NULL;
COMMENT ON VIEW site_items IS 'A site as lists and stream show it; merged ones are not there.';

CREATE VIEW camera_items AS
SELECT
    camera_id, device_id, name, state, reason, since,
    CASE WHEN lat IS NOT NULL THEN
        jsonb_build_object('lat', lat, 'lon', lon, 'accuracy_m', accuracy_m)
    END AS location,
    purpose, legal_regime, staged, last_frame_at
FROM cameras;
COMMENT ON VIEW camera_items IS 'A camera as lists and stream show it.';

CREATE VIEW device_items AS
SELECT device_id, name, online, last_seen, version, clock_offset_s, pending, alarms
FROM devices
WHERE revoked_at IS NULL;
COMMENT ON VIEW device_items IS 'A device as lists and stream show it.';

CREATE VIEW registered_devices AS
SELECT
    devices.device_id, devices.name, devices.online, devices.last_seen, devices.version, devices.clock_offset_s,
    devices.pending, devices.alarms, devices.place, devices.owner, devices.purpose, devices.created_at,
    devices.revoked_at, devices.enrolled_at, devices.certificate_expires_at, devices.town_key,
    devices.authority_sha256,
    (newest.metrics ->> 'disk_free_bytes')::bigint AS disk_free_bytes,
    (newest.metrics ->> 'temperature_c')::double precision AS temperature_c,
    coalesce(newest.metrics -> 'refused_commands', '{}') AS refused_commands,
    (newest.metrics ->> 'configuration_version')::integer AS reported_configuration,
    newest.received_at AS measured_at,
    (
        SELECT max(made.version) FROM device_configurations AS made
        WHERE made.device_id = devices.device_id AND made.state = 'confirmed'
    ) AS current_configuration,
    (
        SELECT max(made.version) FROM device_configurations AS made
        WHERE made.device_id = devices.device_id AND made.state = 'pending'
    ) AS pending_configuration,
    (SELECT count(*) FROM cameras WHERE cameras.device_id = devices.device_id) AS cameras,
    (
        SELECT count(*) FROM cameras
        WHERE cameras.device_id = devices.device_id AND cameras.state IN ('dark', 'offline')
    ) AS cameras_dark
FROM devices
LEFT JOIN LATERAL (
    SELECT measured.metrics, measured.received_at
    FROM device_metrics AS measured
    WHERE measured.device_id = devices.device_id
    ORDER BY measured.at DESC
    LIMIT 1
) AS newest ON true;
COMMENT ON VIEW registered_devices IS 'A device as the registry shows it, with its last measurement; also those that are revoked.';

CREATE VIEW command_items AS
SELECT
    commands.command_id, commands.device_id, commands.camera_id, commands.kind, commands.arguments, commands.reason,
    commands.issued_by, commands.issued_at, commands.expires_at, commands.state, commands.progress, commands.ended_at,
    commands.error, files.files, files.files_received
FROM commands
LEFT JOIN LATERAL (
    SELECT count(*) AS files, count(received_at) AS files_received
    FROM evidence
    WHERE evidence.command_id = commands.command_id
) AS files ON true;
COMMENT ON VIEW command_items IS 'A command as lists and stream show it, without the device''s answer, which may be long.';

CREATE VIEW last_position_items AS
SELECT
    last.device_id, devices.name, last.camera_id, cameras.name AS camera_name, devices.online, last.at,
    jsonb_build_object('lat', last.lat, 'lon', last.lon, 'accuracy_m', last.accuracy_m) AS location,
    last.relative_altitude_m, last.heading_deg, last.speed_m_s, last.gimbal_yaw_deg, last.gimbal_pitch_deg,
    last.hovers, coalesce(last.footprint, '[]'::jsonb) AS footprint, last.view_deg
FROM last_positions AS last
JOIN devices USING (device_id)
LEFT JOIN cameras ON cameras.device_id = last.device_id AND cameras.camera_id = last.camera_id
WHERE devices.revoked_at IS NULL;
COMMENT ON VIEW last_position_items IS 'Where each drone is, or was last, as the map and the stream show it.';

-- Live video ------------------------------------------------------------------------------------------------------------

CREATE TABLE live_sources (
    source_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('drone', 'phone')),
    flight_id uuid REFERENCES flights (flight_id) ON DELETE SET NULL,
    authorisation_id uuid REFERENCES authorisations (authorisation_id) ON DELETE SET NULL,
    purpose text,
    device_id text REFERENCES devices (device_id),
    token_sha256 bytea NOT NULL,
    token_made_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX live_sources_there ON live_sources (created_at DESC, source_id DESC) WHERE ended_at IS NULL;
COMMENT ON TABLE live_sources IS 'Publishers of live video that are no camera of a device: a drone''s or a telephone''s. Ended ones stay, for their recordings.';
COMMENT ON COLUMN live_sources.source_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN live_sources.name IS 'What people call it.';
COMMENT ON COLUMN live_sources.kind IS 'drone or phone.';
COMMENT ON COLUMN live_sources.flight_id IS 'The flight that it films; null: none.';
COMMENT ON COLUMN live_sources.authorisation_id IS 'The permission under which it films; null: that of the flight, or the purpose says why none is needed.';
COMMENT ON COLUMN live_sources.purpose IS 'What it films for; null: the flight or the permission says it.';
COMMENT ON COLUMN live_sources.device_id IS 'Whose positions move it on the map; null: nobody''s.';
COMMENT ON COLUMN live_sources.token_sha256 IS 'SHA-256 of the token with which it publishes; the token itself is not kept.';
COMMENT ON COLUMN live_sources.token_made_at IS 'When that token was made (server).';
COMMENT ON COLUMN live_sources.created_at IS 'When it was registered (server).';
COMMENT ON COLUMN live_sources.created_by IS 'Name of the user, as it was then.';
COMMENT ON COLUMN live_sources.ended_at IS 'From when it may not publish any more (server); null: it may.';
COMMENT ON COLUMN live_sources.ended_by IS 'Who ended it.';

CREATE TABLE live_sessions (
    session_id uuid PRIMARY KEY,
    stream text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('view', 'publish')),
    media_session text NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'device', 'source')),
    actor text NOT NULL,
    session text,
    alert_id uuid,
    reason text,
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX live_sessions_open ON live_sessions (stream) WHERE ended_at IS NULL;
CREATE INDEX live_sessions_by_end ON live_sessions (ended_at) WHERE ended_at IS NOT NULL;
COMMENT ON TABLE live_sessions IS 'Who watches a live picture or sends one, as the media process says; ended ones go a day later, the audit keeps them.';
COMMENT ON COLUMN live_sessions.session_id IS 'UUIDv7 of this room, in the address that the browser has.';
COMMENT ON COLUMN live_sessions.stream IS 'camera/DEVICE/CAMERA, with /sub behind it for the small picture, or source/ID.';
COMMENT ON COLUMN live_sessions.kind IS 'view or publish.';
COMMENT ON COLUMN live_sessions.media_session IS 'Its name or address at the media process.';
COMMENT ON COLUMN live_sessions.actor_kind IS 'user, device or source.';
COMMENT ON COLUMN live_sessions.actor IS 'User name, device_id or source_id.';
COMMENT ON COLUMN live_sessions.session IS 'Of the browser that watches: the beginning of the SHA-256 of its cookie; null of a publisher.';
COMMENT ON COLUMN live_sessions.alert_id IS 'The alert from which it was opened; null: from none.';
COMMENT ON COLUMN live_sessions.reason IS 'Why, where a reason was needed or an alert carries it.';
COMMENT ON COLUMN live_sessions.began_at IS 'When its offer was answered (server).';
COMMENT ON COLUMN live_sessions.seen_at IS 'When the media process last knew it (server).';
COMMENT ON COLUMN live_sessions.ended_at IS 'When it ended (server); null: it goes on.';
COMMENT ON COLUMN live_sessions.end_reason IS 'left, vanished, withdrawn, refused, ended or replaced.';

CREATE TABLE live_publications (
    stream text PRIMARY KEY,
    publication_id uuid NOT NULL,
    device_id text NOT NULL,
    camera_id text NOT NULL,
    asked_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    watched_at timestamptz NOT NULL,
    command_id uuid NOT NULL,
    FOREIGN KEY (device_id, camera_id) REFERENCES cameras (device_id, camera_id) ON DELETE CASCADE
);
COMMENT ON TABLE live_publications IS 'Cameras whose devices were asked to send their live picture, because somebody watches.';
COMMENT ON COLUMN live_publications.stream IS 'As in live_sessions.';
COMMENT ON COLUMN live_publications.publication_id IS 'UUIDv7; the token that the device shows is made of it.';
COMMENT ON COLUMN live_publications.device_id IS 'Who was asked.';
COMMENT ON COLUMN live_publications.camera_id IS 'For which of its cameras.';
COMMENT ON COLUMN live_publications.asked_at IS 'When it was last asked (server).';
COMMENT ON COLUMN live_publications.until IS 'Until when the device sends by itself (server).';
COMMENT ON COLUMN live_publications.watched_at IS 'When somebody last watched or asked to (server).';
COMMENT ON COLUMN live_publications.command_id IS 'The live_start that asked last.';

CREATE TABLE ptz_locks (
    device_id text NOT NULL,
    camera_id text NOT NULL,
    held_by text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (device_id, camera_id),
    FOREIGN KEY (device_id, camera_id) REFERENCES cameras (device_id, camera_id) ON DELETE CASCADE,
    CHECK (since <= until)
);
COMMENT ON TABLE ptz_locks IS 'Who turns a camera, so that two people do not pull at it; a row whose time is over holds nothing.';
COMMENT ON COLUMN ptz_locks.device_id IS 'The camera''s device.';
COMMENT ON COLUMN ptz_locks.camera_id IS 'Which of its cameras.';
COMMENT ON COLUMN ptz_locks.held_by IS 'User name.';
COMMENT ON COLUMN ptz_locks.since IS 'When this person began to turn it (server).';
COMMENT ON COLUMN ptz_locks.until IS 'From when others may turn it (server); each order moves it on.';

CREATE TABLE walls (
    wall_id uuid PRIMARY KEY,
    user_id uuid REFERENCES users (user_id) ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    layout text NOT NULL CHECK (layout IN ('one', 'four', 'nine', 'sixteen', 'main_five')),
    places text[] NOT NULL CHECK (cardinality(places) <= 16),
    version integer NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL
);
CREATE UNIQUE INDEX walls_of_user ON walls (user_id, lower(name)) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX walls_of_room ON walls (lower(name)) WHERE user_id IS NULL;
COMMENT ON TABLE walls IS 'Which live pictures somebody puts beside each other; who may watch them is decided when they are shown.';
COMMENT ON COLUMN walls.wall_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN walls.user_id IS 'Whose; null: of the room, for all.';
COMMENT ON COLUMN walls.name IS 'Unique among those of this person, or of the room, without regard to case.';
COMMENT ON COLUMN walls.layout IS 'How many pictures and how large: one, four, nine, sixteen, or main_five.';
COMMENT ON COLUMN walls.places IS 'Place by place camera/DEVICE/CAMERA or source/ID; null: empty. More than the layout has: a smaller one hides, it does not forget.';
COMMENT ON COLUMN walls.version IS 'One more with each change.';
COMMENT ON COLUMN walls.changed_at IS 'When it was last changed (server).';
COMMENT ON COLUMN walls.changed_by IS 'User name of who did.';
