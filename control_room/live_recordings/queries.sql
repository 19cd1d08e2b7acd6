-- one_at_a_time --
-- Whether no other process is at it; until this transaction ends
SELECT pg_try_advisory_xact_lock(1952541810, 1);

-- alone_at --
-- Whether no other process takes this file just now; until this transaction ends
SELECT pg_try_advisory_xact_lock(hashtextextended(%(name)s, 1));

-- wanted --
-- Sources that may send, by which ways, and whether they are recorded: refusal says why not
SELECT source_id, encode(token_sha256, 'hex') AS rtmp_key_sha256, address AS rtsp_url, live_sources.flight_id,
    live_sources.authorisation_id, least(permission.valid_to, permission.revoked_at) AS permitted_until,
    CASE
        WHEN flights.flight_id IS NULL AND own.authorisation_id IS NULL THEN 'no-ground'
        WHEN flights.flight_id IS NOT NULL AND flights.state = 'closed' THEN 'flight-closed'
        WHEN permission.valid_from > %(now)s THEN 'permission-not-yet'
        WHEN permission.valid_to <= %(now)s THEN 'permission-over'
        WHEN permission.revoked_at <= %(now)s THEN 'permission-revoked'
    END AS refusal
FROM live_sources
LEFT JOIN live_pulls USING (source_id)
LEFT JOIN flights USING (flight_id)
LEFT JOIN authorisations AS own ON own.authorisation_id = live_sources.authorisation_id
LEFT JOIN authorisations AS permission
    ON permission.authorisation_id = coalesce(live_sources.authorisation_id, flights.authorisation_id)
WHERE ended_at IS NULL AND (%(source_id)s::uuid IS NULL OR source_id = %(source_id)s)
ORDER BY source_id;

-- set_pull --
-- A source is fetched from this address
INSERT INTO live_pulls (source_id, address, set_by, set_at)
SELECT source_id, %(address)s, %(by)s, %(now)s FROM live_sources WHERE source_id = %(source_id)s AND ended_at IS NULL
ON CONFLICT (source_id) DO UPDATE SET address = excluded.address, set_by = excluded.set_by, set_at = excluded.set_at
RETURNING source_id;

-- forget_pull --
-- A source is fetched no more
DELETE FROM live_pulls WHERE source_id = %(source_id)s RETURNING source_id;

-- forget_pulls_of_ended --
-- Addresses of sources that may not send any more
DELETE FROM live_pulls WHERE NOT EXISTS (
    SELECT FROM live_sources WHERE live_sources.source_id = live_pulls.source_id AND ended_at IS NULL
);

-- lock_content --
-- Nobody else adds or removes a file of this content until this transaction ends
SELECT pg_advisory_xact_lock(hashtextextended(%(sha256)s, 0));

-- has_recording --
-- Whether this file was taken before
SELECT 1 FROM live_recordings WHERE recording_id = %(recording_id)s AND part = %(part)s;

-- add_recording --
-- A file of a source's live recording; without a SHA-256 it is the flight's
INSERT INTO live_recordings (live_recording_id, recording_id, part, source_id, flight_id, authorisation_id, footage_id,
                             sha256, bytes, captured_from, captured_to, width_px, height_px, pictures, transcoded,
                             received_at)
VALUES (%(live_recording_id)s, %(recording_id)s, %(part)s, %(source_id)s, %(flight_id)s,
        (SELECT authorisation_id FROM authorisations WHERE authorisation_id = %(authorisation_id)s), %(footage_id)s,
        %(sha256)s, %(bytes)s, %(captured_from)s, %(captured_to)s, %(width_px)s, %(height_px)s, %(pictures)s,
        %(transcoded)s, %(now)s);

-- flight --
-- A flight that is there, held until this transaction ends
SELECT flight_id FROM flights WHERE flight_id = %(flight_id)s FOR SHARE;

-- source_name --
-- What people call a source
SELECT name FROM live_sources WHERE source_id = %(source_id)s;

-- add_footage --
-- A flight's file that was recorded live
INSERT INTO footage (footage_id, flight_id, bytes, name, folder, kind, recording, part, belongs_to, state, modified_at,
                     captured_from, captured_to, created_at)
VALUES (%(footage_id)s, %(flight_id)s, %(bytes)s, %(name)s, 'live', %(kind)s, %(recording)s, %(part)s, %(belongs_to)s,
        'awaited', %(captured_to)s, %(captured_from)s, %(captured_to)s, %(now)s);

-- positions --
-- Where the source's aircraft was in a span
SELECT positions.at, lat, lon, relative_altitude_m, absolute_altitude_m, gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg,
    view_deg
FROM positions JOIN live_sources USING (device_id)
WHERE source_id = %(source_id)s AND positions.at >= %(captured_from)s AND positions.at <= %(captured_to)s
ORDER BY positions.at
LIMIT 20000;

-- recordings --
-- Of a source, the newest first; the cursor is the last one of the page before
SELECT live_recording_id, recording_id, live_recordings.part, source_id, live_recordings.flight_id, authorisation_id,
    live_recordings.footage_id, live_recordings.bytes, live_recordings.captured_from, live_recordings.captured_to,
    live_recordings.width_px, live_recordings.height_px, pictures, transcoded, live_recordings.received_at,
    coalesce(live_recordings.erased_at, footage.erased_at) AS erased_at,
    live_recordings.sha256 IS NOT NULL OR coalesce(footage.state = 'ready', false) AS available
FROM live_recordings LEFT JOIN footage USING (footage_id)
WHERE source_id = %(source_id)s
    AND (%(before_at)s::timestamptz IS NULL
         OR (live_recordings.captured_from, live_recording_id) < (%(before_at)s, %(before_id)s::uuid))
ORDER BY live_recordings.captured_from DESC, live_recording_id DESC
LIMIT %(limit)s;

-- recording --
-- One file, wherever it is kept
SELECT live_recording_id, source_id, live_recordings.captured_from, live_recordings.captured_to,
    coalesce(live_recordings.sha256, CASE WHEN footage.state = 'ready' THEN footage.sha256 END) AS sha256,
    live_recordings.bytes
FROM live_recordings LEFT JOIN footage USING (footage_id)
WHERE live_recording_id = %(live_recording_id)s;

-- opened_lately --
-- Whether this person's opening of it was written down lately
SELECT EXISTS (
    SELECT FROM audit
    WHERE actor = %(actor)s AND action = %(action)s AND object_id = %(object_id)s AND reason = %(reason)s AND at > %(since)s
);

-- asked_lately --
-- How many clips this person asked for since then
SELECT count(*) FROM live_clips WHERE asked_by = %(by)s AND asked_at > %(since)s;

-- has_alert --
-- Whether there is such an alert
SELECT 1 FROM alerts WHERE alert_id = %(alert_id)s;

-- add_clip --
-- Somebody wants a clip of what he watches
INSERT INTO live_clips (clip_id, stream, device_id, camera_id, source_id, alert_id, clip_from, clip_to, note, reason,
                        asked_by, asked_at, in_memory)
VALUES (%(clip_id)s, %(stream)s, %(device_id)s, %(camera_id)s, %(source_id)s, %(alert_id)s, %(clip_from)s, %(clip_to)s,
        %(note)s, %(reason)s, %(by)s, %(now)s, %(in_memory)s);

-- clip --
-- One clip, with the files that came of it
SELECT live_clips.*,
    (
        SELECT coalesce(jsonb_agg(jsonb_build_object('evidence_id', evidence_id, 'sha256', sha256, 'bytes', bytes,
            'captured_from', captured_from, 'captured_to', captured_to, 'received_at', received_at,
            'url', CASE WHEN received_at IS NOT NULL AND erased_at IS NULL
                   THEN '/api/v1/evidence/' || evidence_id END) ORDER BY captured_from), '[]')
        FROM evidence WHERE evidence.clip_id = live_clips.clip_id
    ) AS evidence
FROM live_clips WHERE clip_id = %(clip_id)s;

-- lock_clip --
-- One clip that is about to change
SELECT live_clips.*, commands.state AS command_state, commands.error AS command_error
FROM live_clips LEFT JOIN commands USING (command_id)
WHERE clip_id = %(clip_id)s
FOR UPDATE OF live_clips;

-- clips_due --
-- Clips of cameras that are filmed to their end: their devices are asked for the recording
SELECT live_clips.*, devices.online, coalesce(devices.clock_offset_s, 0) AS clock_offset_s
FROM live_clips JOIN devices USING (device_id)
WHERE state = 'waiting' AND camera_id IS NOT NULL AND clip_to < %(before)s
ORDER BY clip_to
LIMIT 20
FOR UPDATE OF live_clips SKIP LOCKED;

-- set_ordered --
-- Its device was asked; without an order what was in memory is taken
UPDATE live_clips SET state = 'ordered', command_id = %(command_id)s, error = %(error)s WHERE clip_id = %(clip_id)s;

-- link_evidence --
-- What devices answered becomes evidence of the clip and of its alert
UPDATE evidence SET clip_id = live_clips.clip_id, clip_alert_id = live_clips.alert_id
FROM live_clips
WHERE live_clips.state = 'ordered' AND evidence.command_id = live_clips.command_id AND evidence.clip_id IS NULL
RETURNING evidence.clip_alert_id;

-- clips_ordered --
-- Clips of which something is awaited
SELECT clip_id, alert_id, in_memory, clip_to, live_clips.error, command_id, commands.state AS command_state,
    commands.error AS command_error,
    EXISTS (SELECT FROM evidence WHERE evidence.clip_id = live_clips.clip_id) AS has_files,
    NOT EXISTS (
        SELECT FROM evidence WHERE evidence.clip_id = live_clips.clip_id AND received_at IS NULL
    ) AS has_all
FROM live_clips LEFT JOIN commands USING (command_id)
WHERE live_clips.state = 'ordered' OR (live_clips.state = 'waiting' AND source_id IS NOT NULL AND clip_to < %(before)s)
ORDER BY clip_to
LIMIT 50
FOR UPDATE OF live_clips SKIP LOCKED;

-- end_clip --
-- What became of it
UPDATE live_clips SET state = %(state)s, error = %(error)s, ended_at = %(now)s WHERE clip_id = %(clip_id)s;

-- add_evidence --
-- A clip out of the room's memory, as it came
INSERT INTO evidence (evidence_id, device_id, camera_id, source_id, clip_id, clip_alert_id, kind, media_type, sha256,
                      bytes, captured_from, captured_to, announced_at, received_at)
VALUES (%(evidence_id)s, %(device_id)s, %(camera_id)s, %(source_id)s, %(clip_id)s, %(alert_id)s, 'recording',
        'video/mp4', %(sha256)s, %(bytes)s, %(captured_from)s, %(captured_to)s, %(now)s, %(now)s);
