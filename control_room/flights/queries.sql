-- items --
-- Flights as list and stream show them, the newest first; the cursor is the last one of the page before
SELECT flights.flight_id, flights.version, flights.state, flights.pilot, flights.observer, flights.aircraft_id,
    aircraft.name AS aircraft_name, flights.authorisation_id, flights.urgent_reason, flights.purpose,
    flights.legal_regime, flights.pixelated, flights.take_off_at, flights.landed_at, flights.take_off_lat,
    flights.take_off_lon, flights.greatest_height_m, flights.length_m, flights.times_from, flights.doubts,
    flights.created_at, flights.created_by, flights.updated_at,
    coalesce(flights.take_off_at, flights.created_at) AS shown_at,
    files.files, files.files_ready, files.files_refused, files.files_erased, files.videos, files.bytes, files.bytes_ready,
    found.candidates, found.confirmed,
    latest.analysis_id, latest.analysis_state, latest.analysis_stage, latest.analysis_progress, latest.analysis_error,
    EXISTS (
        SELECT FROM holds WHERE holds.flight_id = flights.flight_id AND holds.released_at IS NULL
            AND coalesce(holds.until > %(now)s, true)
    ) AS held
FROM flights
LEFT JOIN aircraft USING (aircraft_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS files, count(*) FILTER (WHERE footage.state = 'ready') AS files_ready,
        count(*) FILTER (WHERE footage.state = 'refused') AS files_refused,
        count(*) FILTER (WHERE footage.state = 'erased') AS files_erased,
        count(*) FILTER (WHERE kind = 'video') AS videos, coalesce(sum(bytes), 0)::bigint AS bytes,
        coalesce(sum(bytes) FILTER (WHERE footage.state = 'ready'), 0)::bigint AS bytes_ready
    FROM footage WHERE footage.flight_id = flights.flight_id
) AS files
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE findings.state = 'candidate') AS candidates,
        count(*) FILTER (WHERE findings.state = 'confirmed') AS confirmed
    FROM findings WHERE findings.flight_id = flights.flight_id
) AS found
LEFT JOIN LATERAL (
    SELECT analysis_id, analyses.state AS analysis_state, stage AS analysis_stage, progress AS analysis_progress,
        error AS analysis_error
    FROM analyses WHERE analyses.flight_id = flights.flight_id ORDER BY analysis_id DESC LIMIT 1
) AS latest ON true
WHERE (%(flight_id)s::uuid IS NULL OR flights.flight_id = %(flight_id)s)
    AND (%(pilot)s::text IS NULL OR flights.pilot = %(pilot)s)
    AND (%(state)s::text IS NULL OR flights.state = %(state)s)
    AND (%(since)s::timestamptz IS NULL OR coalesce(flights.take_off_at, flights.created_at) >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR coalesce(flights.take_off_at, flights.created_at) < %(until)s)
    AND (%(before_at)s::timestamptz IS NULL
         OR (coalesce(flights.take_off_at, flights.created_at), flights.flight_id) < (%(before_at)s, %(before_id)s::uuid))
ORDER BY coalesce(flights.take_off_at, flights.created_at) DESC, flights.flight_id DESC
LIMIT %(limit)s;

-- more_of --
-- What only the flight's own page shows
SELECT risk_assessment, preflight, weather, occurrences, line_of_sight, landing_lat, landing_lon, track, closed_at
FROM flights WHERE flight_id = %(flight_id)s;

-- history --
-- Who wrote what into its log
SELECT at, actor, action, changed, reason FROM flight_history WHERE flight_id = %(flight_id)s ORDER BY history_id;

-- lock --
-- A flight that is about to change
SELECT * FROM flights WHERE flight_id = %(flight_id)s FOR UPDATE;

-- add --
-- A flight, of which the log is yet to be written
INSERT INTO flights (flight_id, pilot, created_at, created_by, updated_at, doubts)
VALUES (%(flight_id)s, %(pilot)s, %(now)s, %(by)s, %(now)s, %(doubts)s);

-- write_history --
-- A row of its log's history
INSERT INTO flight_history (flight_id, at, actor, action, changed, reason)
VALUES (%(flight_id)s, %(now)s, %(actor)s, %(action)s, %(changed)s, %(reason)s);

-- bump --
-- Somebody changed what belongs to it
UPDATE flights SET version = version + 1, updated_at = %(now)s WHERE flight_id = %(flight_id)s;

-- footage_of --
-- Its files, in the order of time; of those on their way how much is here
SELECT footage.footage_id, footage.flight_id, footage.upload_id, footage.sha256, bytes, footage.name, folder, media_type, footage.kind, lens, recording,
    part, belongs_to, footage.state, reason, modified_at, captured_from, captured_to, duration_s, width_px, height_px,
    footage.telemetry, sync_offset_s, sync_quality, footage.created_at, received_at, read_at, erased_at,
    pixelated_sha256 IS NOT NULL AS has_pixelated, uploads.upload_id IS NOT NULL AS begun, uploads.owner AS sender
FROM footage
LEFT JOIN uploads ON uploads.upload_id = footage.upload_id AND uploads.finished_at IS NULL
WHERE footage.flight_id = %(flight_id)s
ORDER BY coalesce(captured_from, modified_at), recording, part, footage.name, footage.footage_id;

-- footage --
-- One file
SELECT * FROM footage WHERE footage_id = %(footage_id)s;

-- lock_footage --
-- One file that is about to change
SELECT * FROM footage WHERE footage_id = %(footage_id)s FOR UPDATE;

-- add_footage --
-- A file that is awaited
INSERT INTO footage (footage_id, flight_id, sha256, bytes, name, folder, kind, lens, recording, part, belongs_to, state,
                     modified_at, created_at)
VALUES (%(footage_id)s, %(flight_id)s, %(sha256)s, %(bytes)s, %(name)s, %(folder)s, %(kind)s, %(lens)s, %(recording)s,
        %(part)s, %(belongs_to)s, 'awaited', %(modified_at)s, %(now)s);

-- same_files --
-- Files that are here or on their way and may be these: of the same content, or of the same name, size and time
WITH given AS (
    SELECT place, name, bytes, modified_at, sha256
    FROM unnest(%(names)s::text[], %(bytes)s::bigint[], %(modified)s::timestamptz[], %(sha256s)s::text[])
        WITH ORDINALITY AS files (name, bytes, modified_at, sha256, place)
)
SELECT DISTINCT ON (place) place - 1 AS place, footage.footage_id, footage.flight_id, footage.state, footage.captured_from,
    footage.captured_to, footage.upload_id, uploads.owner AS sender,
    coalesce(footage.sha256 = given.sha256, false) AS same_content
FROM given
JOIN footage ON footage.state IN ('ready', 'awaited') AND (
    footage.sha256 = given.sha256
    OR (footage.name = given.name AND footage.bytes = given.bytes
        AND (footage.sha256 IS NULL OR given.sha256 IS NULL OR footage.sha256 = given.sha256)
        AND (footage.modified_at IS NULL OR given.modified_at IS NULL
             OR abs(extract(epoch FROM footage.modified_at - given.modified_at)) <= 2))
)
LEFT JOIN uploads ON uploads.upload_id = footage.upload_id AND uploads.finished_at IS NULL
ORDER BY place, footage.state = 'ready' DESC, coalesce(footage.sha256 = given.sha256, false) DESC, footage.created_at DESC;

-- unfinished --
-- Files that a person is yet to send, by flight: those to be sent first come first
SELECT footage_id, flight_id, footage.name, folder, bytes, footage.kind, modified_at, footage.sha256,
    uploads.upload_id, uploads.expires_at, flights.created_at
FROM footage
JOIN flights USING (flight_id)
LEFT JOIN uploads ON uploads.upload_id = footage.upload_id AND uploads.finished_at IS NULL AND uploads.owner = %(owner)s
WHERE footage.state = 'awaited' AND (flights.pilot = %(owner)s OR flights.created_by = %(owner)s)
ORDER BY flights.created_at DESC, flight_id,
    array_position(ARRAY['telemetry', 'still', 'proxy', 'video', 'other'], footage.kind), bytes, footage_id
LIMIT %(limit)s;

-- expect --
-- A file that is awaited comes by this upload from now on; what was refused may be sent again
UPDATE footage SET upload_id = %(upload_id)s, state = 'awaited', reason = NULL
WHERE footage_id = %(footage_id)s AND state IN ('awaited', 'refused');

-- awaited_by --
-- Which file an upload brings
SELECT footage_id, flight_id, kind, name FROM footage WHERE upload_id = %(upload_id)s AND state = 'awaited' FOR UPDATE;

-- twin --
-- The same content in another row, whole
SELECT footage_id, flight_id FROM footage
WHERE sha256 = %(sha256)s AND state = 'ready' AND footage_id <> %(footage_id)s
ORDER BY created_at LIMIT 1;

-- receive --
-- It is here, and what it was found to be
UPDATE footage SET state = 'ready', sha256 = %(sha256)s, bytes = %(bytes)s, media_type = %(media_type)s, probe = %(probe)s,
    duration_s = %(duration_s)s, width_px = %(width_px)s, height_px = %(height_px)s, received_at = %(now)s, reason = NULL
WHERE footage_id = %(footage_id)s;

-- refuse --
-- It is not taken, and why
UPDATE footage SET state = 'refused', reason = %(reason)s, upload_id = NULL WHERE footage_id = %(footage_id)s;

-- forget_samples --
-- What was read of it before
DELETE FROM telemetry_samples WHERE footage_id = %(footage_id)s;

-- copy_samples --
-- All rows of a file at once
COPY telemetry_samples (footage_id, at, row, time_s, lat, lon, rel_alt_m, abs_alt_m, gimbal_yaw_deg, gimbal_pitch_deg,
    gimbal_roll_deg, focal_length_mm, zoom, focal_length_equivalent_mm, horizontal_view_deg, vertical_view_deg,
    position_error_m, notes) FROM STDIN;

-- note_read --
-- Its telemetry was looked for
UPDATE footage SET read_at = %(now)s, telemetry = %(telemetry)s,
    captured_from = coalesce(%(captured_from)s, captured_from), captured_to = coalesce(%(captured_to)s, captured_to)
WHERE footage_id = %(footage_id)s;

-- untold_videos --
-- Videos of a flight that say nothing of their own times
SELECT footage_id, name, duration_s, modified_at, (probe ->> 'created_at')::timestamptz AS created_at, captured_from
FROM footage
WHERE flight_id = %(flight_id)s AND kind = 'video' AND state = 'ready' AND duration_s IS NOT NULL
    AND NOT EXISTS (SELECT FROM telemetry_samples AS sample WHERE sample.footage_id = footage.footage_id);

-- logged --
-- From when to when the logs of a whole flight go; nulls where there are none
SELECT min(telemetry_samples.at), max(telemetry_samples.at)
FROM telemetry_samples JOIN footage USING (footage_id)
WHERE flight_id = %(flight_id)s AND kind = 'telemetry' AND belongs_to IS NULL;

-- time_video --
-- When a video began and ended, as nearly as is known
UPDATE footage SET captured_from = %(from)s::timestamptz,
    captured_to = %(from)s::timestamptz + make_interval(secs => duration_s)
WHERE footage_id = %(footage_id)s;

-- log_of --
-- The file beside a video that its telemetry was read from
SELECT footage_id, telemetry FROM footage
WHERE belongs_to = %(footage_id)s AND kind = 'telemetry' AND read_at IS NOT NULL AND coalesce((telemetry ->> 'rows')::int, 0) > 0
ORDER BY footage_id LIMIT 1;

-- flown --
-- Where the aircraft was, by all files of a flight, in the order of time
SELECT telemetry_samples.at, lat, lon, rel_alt_m, notes IS NOT NULL AND notes @> '["position jumps"]' AS jumps,
    telemetry_samples.footage_id, footage.kind = 'still' AS is_still
FROM footage JOIN telemetry_samples USING (footage_id)
WHERE footage.flight_id = %(flight_id)s AND lat IS NOT NULL
ORDER BY telemetry_samples.at, row;

-- facts_of_files --
-- What is known of a flight's files once they were read
SELECT footage_id, name, kind, state, belongs_to, captured_from, captured_to, duration_s, width_px, height_px, modified_at,
    read_at, telemetry, (SELECT max(time_s) FROM telemetry_samples AS s WHERE s.footage_id = footage.footage_id) AS told_s
FROM footage WHERE flight_id = %(flight_id)s AND state <> 'refused' ORDER BY footage_id;

-- settle --
-- What its telemetry tells; times that its pilot wrote stay
UPDATE flights SET
    take_off_at = CASE WHEN times_from = 'pilot' THEN take_off_at ELSE %(take_off_at)s END,
    landed_at = CASE WHEN times_from = 'pilot' THEN landed_at ELSE %(landed_at)s END,
    times_from = CASE WHEN times_from = 'pilot' THEN 'pilot' WHEN %(take_off_at)s::timestamptz IS NULL THEN NULL ELSE 'telemetry' END,
    take_off_lat = %(take_off_lat)s, take_off_lon = %(take_off_lon)s, landing_lat = %(landing_lat)s, landing_lon = %(landing_lon)s,
    greatest_height_m = %(greatest_height_m)s, length_m = %(length_m)s, track = %(track)s, doubts = %(doubts)s,
    updated_at = %(now)s
WHERE flight_id = %(flight_id)s;

-- samples --
-- Telemetry of a flight, every so many rows of each file
SELECT footage_id, at, time_s, lat, lon, rel_alt_m, abs_alt_m, gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg,
    focal_length_mm, zoom
FROM telemetry_samples
WHERE footage_id = ANY(%(footage_ids)s) AND (row - 1) %% %(every)s::int = 0
    AND (%(after_at)s::timestamptz IS NULL OR at > %(after_at)s)
ORDER BY at, footage_id, row
LIMIT %(limit)s;

-- count_samples --
-- How many rows these files have
SELECT count(*) FROM telemetry_samples WHERE footage_id = ANY(%(footage_ids)s);

-- move_footage --
-- Files into another flight, with what was found in them
UPDATE footage SET flight_id = %(into)s WHERE footage_id = ANY(%(footage_ids)s);

-- part_pairs --
-- What was of a video that is in another flight now is by itself
UPDATE footage SET belongs_to = NULL
WHERE belongs_to IS NOT NULL AND flight_id = ANY(%(flight_ids)s)
    AND NOT EXISTS (
        SELECT FROM footage AS video WHERE video.footage_id = footage.belongs_to AND video.flight_id = footage.flight_id
    );

-- move_findings --
-- Findings stay with the file that they are in
UPDATE findings SET flight_id = %(into)s WHERE footage_id = ANY(%(footage_ids)s);

-- move_analyses --
-- What was looked through before goes with the files
UPDATE analyses SET flight_id = %(into)s WHERE flight_id = %(flight_id)s;

-- under_way --
-- Whether a flight is looked through just now
SELECT EXISTS (SELECT FROM analyses WHERE flight_id = ANY(%(flight_ids)s) AND state IN ('queued', 'running'));

-- is_judged --
-- Whether people worked on what was found in it, or it is held
SELECT EXISTS (SELECT FROM findings WHERE flight_id = %(flight_id)s AND state <> 'candidate') AS judged,
    EXISTS (
        SELECT FROM holds WHERE flight_id = %(flight_id)s AND released_at IS NULL AND coalesce(until > %(now)s, true)
    ) AS held;

-- content_of --
-- Files and pictures that leave the store with a flight
SELECT sha256 FROM footage WHERE flight_id = %(flight_id)s AND state = 'ready'
UNION
SELECT pixelated_sha256 FROM footage WHERE flight_id = %(flight_id)s AND pixelated_sha256 IS NOT NULL
UNION
SELECT picture_sha256 FROM findings WHERE flight_id = %(flight_id)s AND picture_sha256 IS NOT NULL;

-- uploads_of --
-- By which uploads its files came or come
SELECT upload_id FROM footage WHERE flight_id = %(flight_id)s AND upload_id IS NOT NULL;

-- end_uploads --
-- They are over
DELETE FROM uploads WHERE upload_id = ANY(%(upload_ids)s);

-- allow_history --
-- In this transaction rows may leave that are otherwise only added
SET LOCAL talaia.retention = 'on';

-- remove_samples --
-- Telemetry of a flight
DELETE FROM telemetry_samples USING footage
WHERE footage.footage_id = telemetry_samples.footage_id AND footage.flight_id = %(flight_id)s;

-- remove_spans --
-- Pieces of its analyses
DELETE FROM analysis_spans USING analyses
WHERE analyses.analysis_id = analysis_spans.analysis_id AND analyses.flight_id = %(flight_id)s;

-- remove_findings --
-- What was found in it
DELETE FROM findings WHERE flight_id = %(flight_id)s;

-- remove_analyses --
-- That it was looked through
DELETE FROM analyses WHERE flight_id = %(flight_id)s;

-- remove_footage --
-- Its files
DELETE FROM footage WHERE flight_id = %(flight_id)s;

-- remove_flight_history --
-- Its history
DELETE FROM flight_history WHERE flight_id = %(flight_id)s;

-- remove_flight --
-- It itself
DELETE FROM flights WHERE flight_id = %(flight_id)s;

-- opened_lately --
-- Whether this person's opening of this file for this reason was written down a moment ago: a player asks many times
SELECT EXISTS (
    SELECT FROM audit WHERE at > %(since)s AND actor = %(actor)s AND action = %(action)s
        AND object_kind = 'footage' AND object_id = %(object_id)s AND reason IS NOT DISTINCT FROM %(reason)s
);

-- forget_samples_of --
-- Telemetry of flights whose years are over
DELETE FROM telemetry_samples USING footage
WHERE footage.footage_id = telemetry_samples.footage_id AND footage.flight_id = ANY(%(flight_ids)s);

-- referencing --
-- Tables whose rows name rows of this one, by which column, and whether they must
SELECT referring.relname::text, attribute.attname::text, attribute.attnotnull
FROM pg_constraint AS key
JOIN pg_class AS referring ON referring.oid = key.conrelid
JOIN pg_attribute AS attribute ON attribute.attrelid = key.conrelid AND attribute.attnum = key.conkey[1]
WHERE key.contype = 'f' AND key.confrelid = %(table)s::regclass AND cardinality(key.conkey) = 1
ORDER BY 1, 2;
