-- Files of flights: known again by name, size and time; read once; held with their flight; seen pixelated.

ALTER TABLE footage
    ADD COLUMN modified_at timestamptz,
    ADD COLUMN read_at timestamptz,
    ADD COLUMN pixelated_sha256 text CONSTRAINT footage_pixelated_sha256_check CHECK (pixelated_sha256 ~ '^[0-9a-f]{64}$'),
    ADD COLUMN pixelated_bytes bigint CONSTRAINT footage_pixelated_bytes_check CHECK (pixelated_bytes > 0),
    ADD CONSTRAINT footage_pixelated CHECK ((pixelated_sha256 IS NULL) = (pixelated_bytes IS NULL));
CREATE INDEX footage_by_name ON footage (name, bytes);
CREATE INDEX footage_by_pixelated_sha256 ON footage (pixelated_sha256) WHERE pixelated_sha256 IS NOT NULL;
COMMENT ON COLUMN footage.modified_at IS 'When the card says that the file was last written, which is when its recording ended (drone); null: not given.';
COMMENT ON COLUMN footage.read_at IS 'When its telemetry was looked for (server), found or not; null: not yet.';
COMMENT ON COLUMN footage.pixelated_sha256 IS 'Its small copy with people pixelated, in the store; null: none was made.';
COMMENT ON COLUMN footage.pixelated_bytes IS 'Size of that copy.';

ALTER TABLE holds
    ADD COLUMN flight_id uuid,
    DROP CONSTRAINT holds_object_kind_check,
    ADD CONSTRAINT holds_object_kind_check CHECK (object_kind IN ('alert', 'evidence', 'camera', 'flight')),
    ADD CONSTRAINT holds_flight CHECK ((object_kind = 'flight') = (flight_id IS NOT NULL));
COMMENT ON COLUMN holds.object_kind IS 'alert: it, its messages and files; evidence: a file and all of its alert; camera: all that one recorded in a span; flight: its log, its files and what was found in them.';
COMMENT ON COLUMN holds.flight_id IS 'Which flight; null for other kinds.';

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
