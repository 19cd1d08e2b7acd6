-- What is kept of live video: recordings of drones and telephones, and clips that people asked for.

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

ALTER TABLE evidence
    ADD COLUMN source_id uuid,
    ADD COLUMN clip_id uuid REFERENCES live_clips (clip_id) ON DELETE SET NULL,
    ADD COLUMN clip_alert_id uuid REFERENCES alerts (alert_id) ON DELETE SET NULL,
    DROP CONSTRAINT evidence_check1,
    ADD CONSTRAINT evidence_check1 CHECK (
        announced_at IS NULL OR ((camera_id IS NOT NULL OR event_id IS NOT NULL OR source_id IS NOT NULL)
                                 AND (event_id IS NULL OR command_id IS NULL)
                                 AND (event_id IS NOT NULL OR command_id IS NOT NULL OR kind = 'recording')
                                 AND kind IS NOT NULL AND media_type IS NOT NULL)
    );
CREATE INDEX evidence_by_clip ON evidence (clip_id) WHERE clip_id IS NOT NULL;
CREATE INDEX evidence_by_alert ON evidence (clip_alert_id) WHERE clip_alert_id IS NOT NULL;
COMMENT ON TABLE evidence IS 'Files of an event or of the answer to a command: announced by a message, received by HTTP, in either order; and clips of live video. Seen by people only when both.';
COMMENT ON COLUMN evidence.device_id IS 'Who announced or uploaded it; nobody else may do the other half. Of a clip out of the room''s memory the camera''s device, or the room''s own.';
COMMENT ON COLUMN evidence.source_id IS 'The drone or telephone of whose live picture it is a clip; null: of none. No foreign key: a source may go before.';
COMMENT ON COLUMN evidence.clip_id IS 'The clip that somebody asked for while he watched; null: none, or forgotten.';
COMMENT ON COLUMN evidence.clip_alert_id IS 'The alert for which that clip was taken, shown and kept with it; null: none.';

CREATE OR REPLACE FUNCTION protected_evidence(moment timestamptz)
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
