-- The room's own event of a confirmed finding, points of the ground that somebody knows, and visits to sites.

ALTER TABLE alerts ALTER COLUMN camera_id DROP NOT NULL;
COMMENT ON COLUMN alerts.camera_id IS 'Which of its cameras; null: none, a finding in a flight''s footage.';
COMMENT ON COLUMN events.camera_id IS 'Which of its cameras; empty: none, a finding in a flight''s footage.';
COMMENT ON COLUMN kept_events.camera_id IS 'Which of its cameras; empty: none, a finding in a flight''s footage.';

ALTER TABLE evidence
    DROP CONSTRAINT evidence_check1,
    ADD CONSTRAINT evidence_check1 CHECK (
        announced_at IS NULL OR ((camera_id IS NOT NULL OR event_id IS NOT NULL)
                                 AND (event_id IS NULL) <> (command_id IS NULL)
                                 AND kind IS NOT NULL AND media_type IS NOT NULL));
COMMENT ON COLUMN evidence.camera_id IS 'Which of its cameras; null until announced, and of a finding in a flight''s footage.';

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
