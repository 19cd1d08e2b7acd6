-- Who may watch which camera, and the reasons under which recordings of people are looked at.

ALTER TABLE users ADD COLUMN watches_all boolean NOT NULL DEFAULT true;
ALTER TABLE users ADD COLUMN watches_flights boolean NOT NULL DEFAULT true;
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
