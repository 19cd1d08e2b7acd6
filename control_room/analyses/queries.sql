-- enter_jobs --
-- Until leave_jobs: the queue's own tables and functions are found, which name no schema
SET LOCAL search_path TO jobs, public;

-- leave_jobs --
-- As before
SET LOCAL search_path TO DEFAULT;

-- defer --
-- A job, unless the same one waits already
SELECT procrastinate_defer_jobs_v1(ARRAY[
    ROW(%(queue)s, %(task)s, 0, %(lock)s, %(lock)s, %(arguments)s::jsonb, NULL)::procrastinate_job_to_defer_v1
])
WHERE NOT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = %(lock)s AND status = 'todo');

-- flight --
-- The flight that is to be looked through
SELECT flight_id, pilot, created_by, state, version FROM flights WHERE flight_id = %(flight_id)s FOR UPDATE;

-- has_video --
-- Whether there is a video to look through
SELECT EXISTS (SELECT FROM footage WHERE flight_id = %(flight_id)s AND kind = 'video' AND state = 'ready');

-- add --
-- A new analysis; no row where one of the flight is under way
INSERT INTO analyses (analysis_id, flight_id, state, asked_at, asked_by)
VALUES (%(analysis_id)s, %(flight_id)s, 'queued', %(now)s, %(asked_by)s)
ON CONFLICT (flight_id) WHERE state IN ('queued', 'running') DO NOTHING
RETURNING analysis_id;

-- latest --
-- The newest of a flight
SELECT analysis_id, flight_id, state, stage, progress, attempts, asked_at, asked_by, began_at, beat_at, ended_at,
    cancelled_by, error, summary, model
FROM analyses WHERE flight_id = %(flight_id)s ORDER BY analysis_id DESC LIMIT 1;

-- cancel --
-- Somebody wants no more of it; no row where it had ended
UPDATE analyses SET state = 'cancelled', ended_at = %(now)s, cancelled_by = %(by)s
WHERE flight_id = %(flight_id)s AND state IN ('queued', 'running')
RETURNING analysis_id;

-- take_up --
-- A worker is at it, for the first time or after another one that ended
UPDATE analyses SET state = 'running', attempts = attempts + 1, began_at = coalesce(began_at, %(now)s), beat_at = %(now)s
WHERE analysis_id = %(analysis_id)s AND state IN ('queued', 'running')
RETURNING analysis_id, flight_id, attempts, asked_by;

-- hold_alone --
-- Whether no other worker is at it, as long as this connection lasts
SELECT pg_try_advisory_lock(hashtextextended(%(analysis_id)s, 11));

-- beat --
-- How far it is; no row where it was cancelled
UPDATE analyses SET stage = %(stage)s, progress = %(progress)s, beat_at = %(now)s
WHERE analysis_id = %(analysis_id)s AND state = 'running'
RETURNING flight_id;

-- spans --
-- Pieces that are done
SELECT footage_id, span, result FROM analysis_spans WHERE analysis_id = %(analysis_id)s;

-- keep_span --
-- A piece that is done; kept at once, so that a kill costs the pieces that were not
INSERT INTO analysis_spans (analysis_id, footage_id, span, result, ended_at)
VALUES (%(analysis_id)s, %(footage_id)s, %(span)s, %(result)s, %(now)s)
ON CONFLICT DO NOTHING;

-- forget_spans --
-- It ended, so they are not needed any more
DELETE FROM analysis_spans WHERE analysis_id = %(analysis_id)s;

-- videos --
-- What of a flight is looked through: of several lenses of one moment the wide one
SELECT footage_id, footage.name, sha256, kind, lens, recording, captured_from, captured_to, duration_s, width_px, height_px,
    footage.telemetry, aircraft.camera_model, aircraft.calibration
FROM footage
JOIN flights USING (flight_id)
LEFT JOIN aircraft USING (aircraft_id)
WHERE footage.flight_id = %(flight_id)s AND footage.kind = 'video' AND footage.state = 'ready'
    AND (lens IS NULL OR lens = 'wide')
ORDER BY captured_from, modified_at, footage.name, footage_id;

-- video --
-- A video that is there, whatever its lens
SELECT footage_id, footage.name, sha256, lens, captured_from, captured_to, duration_s, width_px, height_px,
    footage.telemetry, aircraft.camera_model, aircraft.calibration
FROM footage
JOIN flights USING (flight_id)
LEFT JOIN aircraft USING (aircraft_id)
WHERE footage_id = %(footage_id)s AND footage.kind = 'video' AND footage.state = 'ready';

-- unpictured --
-- Something added by hand in a file that is there, and has no picture yet
SELECT finding_id, findings.flight_id, findings.footage_id, time_s, box, footage.kind, footage.sha256
FROM findings
JOIN footage USING (footage_id)
WHERE finding_id = %(finding_id)s AND picture_sha256 IS NULL AND analysis_id IS NULL AND footage.state = 'ready'
    AND (footage.kind = 'still' OR (footage.kind = 'video' AND time_s IS NOT NULL));

-- uncopied --
-- A video or still that is there and has no pixelated copy yet
SELECT footage_id, flight_id, name, kind, sha256
FROM footage
WHERE footage_id = %(footage_id)s AND kind IN ('video', 'still') AND state = 'ready' AND pixelated_sha256 IS NULL;

-- set_copy --
-- Its pixelated copy; no row where the file is gone or has one
UPDATE footage SET pixelated_sha256 = %(sha256)s, pixelated_bytes = %(bytes)s
WHERE footage_id = %(footage_id)s AND state = 'ready' AND pixelated_sha256 IS NULL
RETURNING footage_id;

-- samples_of --
-- Telemetry of a video, by itself or the file beside it
SELECT row, at, time_s, lat, lon, rel_alt_m, abs_alt_m, gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg, focal_length_mm,
    zoom, focal_length_equivalent_mm, horizontal_view_deg, vertical_view_deg, position_error_m, notes
FROM telemetry_samples WHERE footage_id = %(footage_id)s ORDER BY row;

-- samples_of_log --
-- The part of a whole flight's log that a video lies in
SELECT row, at, extract(epoch FROM at - %(from)s::timestamptz)::double precision AS time_s, lat, lon, rel_alt_m, abs_alt_m,
    gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg, focal_length_mm, zoom, focal_length_equivalent_mm,
    horizontal_view_deg, vertical_view_deg, position_error_m, notes
FROM telemetry_samples JOIN footage USING (footage_id)
WHERE footage.flight_id = %(flight_id)s AND footage.kind = 'telemetry' AND footage.belongs_to IS NULL
    AND at >= %(from)s::timestamptz - interval '5 seconds' AND at <= %(to)s::timestamptz + interval '5 seconds'
ORDER BY at, row;

-- set_synchrony --
-- How its telemetry was laid on its picture
UPDATE footage SET sync_offset_s = %(offset_s)s, sync_quality = %(quality)s WHERE footage_id = %(footage_id)s;

-- old_candidates --
-- What an earlier analysis of the flight proposed and nobody judged gives way
DELETE FROM findings
WHERE flight_id = %(flight_id)s AND state = 'candidate' AND analysis_id IS NOT NULL AND version = 1
    AND NOT EXISTS (SELECT FROM findings AS other WHERE other.merged_into = findings.finding_id)
RETURNING picture_sha256;

-- old_copies --
-- Pixelated copies of a flight that was looked through again are made again: homes may be known that were not
WITH gone AS (
    SELECT footage_id, pixelated_sha256 FROM footage
    WHERE flight_id = %(flight_id)s AND state = 'ready' AND pixelated_sha256 IS NOT NULL
    FOR UPDATE
)
UPDATE footage SET pixelated_sha256 = NULL, pixelated_bytes = NULL FROM gone
WHERE footage.footage_id = gone.footage_id
RETURNING gone.pixelated_sha256;

-- add_finding --
-- What a person should look at
INSERT INTO findings (
    finding_id, flight_id, footage_id, analysis_id, state, label, confidence, score, reasons, seen_at, time_s, box, looks,
    lat, lon, ce90_m, ellipse, depression_deg, method, picture_sha256, added_by, added_at
) VALUES (
    %(finding_id)s, %(flight_id)s, %(footage_id)s, %(analysis_id)s, 'candidate', %(label)s, %(confidence)s, %(score)s,
    %(reasons)s, %(seen_at)s, %(time_s)s, %(box)s, %(looks)s, %(lat)s, %(lon)s, %(ce90_m)s, %(ellipse)s,
    %(depression_deg)s, %(method)s, %(picture_sha256)s, 'room', %(now)s
);

-- finish --
-- It is done; no row where it was cancelled meanwhile
UPDATE analyses SET state = 'done', ended_at = %(now)s, stage = NULL, progress = 1, summary = %(summary)s, model = %(model)s
WHERE analysis_id = %(analysis_id)s AND state = 'running'
RETURNING flight_id;

-- fail --
-- It cannot be done, and why
UPDATE analyses SET state = 'failed', ended_at = %(now)s, error = %(error)s
WHERE analysis_id = %(analysis_id)s AND state IN ('queued', 'running')
RETURNING flight_id;

-- without_job --
-- What is under way though no job says so, as after a restore
SELECT analysis_id FROM analyses
WHERE state IN ('queued', 'running') AND NOT EXISTS (
    SELECT FROM jobs.procrastinate_jobs AS job
    WHERE job.task_name = %(task)s AND job.args ->> 'analysis_id' = analyses.analysis_id::text
        AND job.status IN ('todo', 'doing')
);

-- unread_without_job --
-- The same of files of which the telemetry is yet to be looked for
SELECT footage_id FROM footage
WHERE state = 'ready' AND read_at IS NULL AND NOT EXISTS (
    SELECT FROM jobs.procrastinate_jobs AS job
    WHERE job.task_name = %(task)s AND job.args ->> 'footage_id' = footage.footage_id::text
        AND job.status IN ('todo', 'doing', 'failed')
)
LIMIT 1000;

-- uncopied_without_job --
-- Videos that were looked through, and stills, that have no pixelated copy, the newest first
SELECT footage_id FROM footage
WHERE state = 'ready' AND kind IN ('video', 'still') AND pixelated_sha256 IS NULL AND read_at IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM analyses WHERE analyses.flight_id = footage.flight_id AND analyses.state IN ('queued', 'running')
    )
    AND (kind = 'still' OR EXISTS (SELECT FROM analyses WHERE analyses.flight_id = footage.flight_id))
    AND NOT EXISTS (
        SELECT FROM jobs.procrastinate_jobs AS job
        WHERE job.task_name = %(task)s AND job.args ->> 'footage_id' = footage.footage_id::text
            AND job.status IN ('todo', 'doing', 'failed')
    )
ORDER BY received_at DESC, footage_id
LIMIT 100;

-- add_by_itself --
-- The first analysis of a flight, once all of its files are here and were read; no row otherwise
INSERT INTO analyses (analysis_id, flight_id, state, asked_at, asked_by)
SELECT %(analysis_id)s, flight_id, 'queued', %(now)s, 'room'
FROM footage AS last
WHERE last.footage_id = %(footage_id)s
    AND EXISTS (
        SELECT FROM footage WHERE footage.flight_id = last.flight_id AND footage.kind = 'video' AND footage.state = 'ready'
    )
    AND NOT EXISTS (
        SELECT FROM footage WHERE footage.flight_id = last.flight_id
            AND (footage.state = 'awaited' OR (footage.state = 'ready' AND footage.read_at IS NULL
                 AND footage.kind IN ('telemetry', 'still', 'video')))
    )
    AND NOT EXISTS (SELECT FROM analyses WHERE analyses.flight_id = last.flight_id)
ON CONFLICT DO NOTHING
RETURNING flight_id;

-- offset --
-- By how much a video's telemetry is moved
SELECT sync_offset_s FROM footage WHERE footage_id = %(footage_id)s;

-- sites_near --
-- Sites within 200 m of where a flight was, the nearest to its middle first; what its own findings made only now too
WITH flown AS (
    SELECT (point ->> 2)::double precision AS lat, (point ->> 1)::double precision AS lon
    FROM flights CROSS JOIN LATERAL jsonb_array_elements(track) AS points (point)
    WHERE flight_id = %(flight_id)s
), extent AS (
    SELECT min(lat) - 0.002 AS south, max(lat) + 0.002 AS north, min(lon) - 0.003 AS west, max(lon) + 0.003 AS east,
        avg(lat) AS lat, avg(lon) AS lon
    FROM flown
)
SELECT sites.site_id, sites.lat, sites.lon, sites.ce90_m
FROM sites CROSS JOIN extent
WHERE merged_into IS NULL AND sites.lat BETWEEN south AND north AND sites.lon BETWEEN west AND east
ORDER BY (sites.lat - extent.lat) ^ 2 + (sites.lon - extent.lon) ^ 2
LIMIT %(limit)s;

-- earlier_videos --
-- Videos that are still there of other flights that passed within 200 m of a place before this one, the newest first
SELECT footage.flight_id, footage.footage_id
FROM footage JOIN flights USING (flight_id)
WHERE footage.flight_id <> %(flight_id)s AND footage.state = 'ready' AND footage.kind = 'video'
    AND footage.captured_from < (
        SELECT min(captured_from) FROM footage WHERE flight_id = %(flight_id)s AND kind = 'video'
    )
    AND EXISTS (
        SELECT 1 FROM jsonb_array_elements(flights.track) AS points (point)
        WHERE (point ->> 2)::double precision BETWEEN %(lat)s - 0.002 AND %(lat)s + 0.002
            AND (point ->> 1)::double precision BETWEEN %(lon)s - 0.003 AND %(lon)s + 0.003
    )
ORDER BY footage.captured_from DESC, footage.footage_id
LIMIT %(limit)s;

-- forget_look --
-- What an analysis before wrote of the same flight; its pictures
DELETE FROM site_visits WHERE site_id = %(site_id)s AND flight_id = %(flight_id)s AND kind = 'look'
RETURNING before_sha256, after_sha256;
