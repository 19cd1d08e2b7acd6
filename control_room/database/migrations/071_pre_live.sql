-- Live video: drones and telephones that send it, who watches, and which devices were asked to send.

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
