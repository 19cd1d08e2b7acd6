-- Devices are registered, enrolled by a one-time code, and given their configuration by the room.

ALTER TABLE devices
    ADD COLUMN place text,
    ADD COLUMN owner text,
    ADD COLUMN purpose text,
    ADD COLUMN device_key text,
    ADD COLUMN town_key text,
    ADD COLUMN authority_sha256 text,
    ADD COLUMN enrolled_at timestamptz,
    ADD COLUMN certificate_expires_at timestamptz,
    ADD COLUMN broker_generation integer NOT NULL DEFAULT 0;
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
