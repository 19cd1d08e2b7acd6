-- cameras --
-- Cameras of this name that may be watched, with what their devices say of them
SELECT cameras.device_id, cameras.camera_id, cameras.state, cameras.reason, devices.online
FROM cameras JOIN devices USING (device_id)
WHERE camera_id = %(camera_id)s AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s) AND revoked_at IS NULL
ORDER BY device_id;

-- every_camera --
-- Cameras of devices that may speak, by name
SELECT cameras.device_id, cameras.camera_id, cameras.name, cameras.state, cameras.reason
FROM cameras JOIN devices USING (device_id)
WHERE revoked_at IS NULL
ORDER BY cameras.name, cameras.device_id, cameras.camera_id;

-- lock_stream --
-- Nobody else asks for or ends this stream until this transaction ends
SELECT pg_advisory_xact_lock(hashtextextended('live ' || %(stream)s, 0));

-- publication --
-- What was asked of a device, with what became of the command
SELECT stream, publication_id, live_publications.device_id, live_publications.camera_id, asked_at, until, watched_at,
    live_publications.command_id, commands.state AS command_state, devices.online
FROM live_publications JOIN devices USING (device_id) LEFT JOIN commands USING (command_id)
WHERE stream = %(stream)s;

-- publications --
-- All that devices were asked for
SELECT stream, publication_id, device_id, camera_id, asked_at, until, watched_at, command_id
FROM live_publications
ORDER BY stream;

-- ask --
-- A device was asked for a stream, or asked again
INSERT INTO live_publications (stream, publication_id, device_id, camera_id, asked_at, until, watched_at, command_id)
VALUES (%(stream)s, %(publication_id)s, %(device_id)s, %(camera_id)s, %(now)s, %(until)s, %(now)s, %(command_id)s)
ON CONFLICT (stream) DO UPDATE SET
    publication_id = excluded.publication_id, asked_at = excluded.asked_at, until = excluded.until,
    command_id = excluded.command_id;

-- touch --
-- Somebody watches these streams, or asks to
UPDATE live_publications SET watched_at = %(now)s WHERE stream = ANY(%(streams)s);

-- forget_publication --
-- A device need not send this any more
DELETE FROM live_publications WHERE stream = %(stream)s;

-- not_ahead --
-- What was written before the clock was set back is as old as can be; else a camera would be sent until it is that late again
UPDATE live_publications SET watched_at = least(watched_at, %(now)s), asked_at = least(asked_at, %(now)s),
    until = least(until, %(until_most)s)
WHERE watched_at > %(now)s OR asked_at > %(now)s OR until > %(until_most)s;

-- only_one --
-- Whether the camera's device said that it has but one picture of it, the last time that it was asked
SELECT result ->> 'stream' <> arguments ->> 'stream'
FROM commands
WHERE device_id = %(device_id)s AND camera_id = %(camera_id)s AND kind = 'live_start' AND state = 'answered'
    AND arguments ->> 'stream' = 'sub' AND issued_at > %(since)s
ORDER BY command_id DESC
LIMIT 1;

-- begin --
-- Somebody watches, or publishes
INSERT INTO live_sessions (session_id, stream, kind, media_session, actor_kind, actor, session, alert_id, reason, began_at, seen_at)
VALUES (%(session_id)s, %(stream)s, %(kind)s, %(media_session)s, %(actor_kind)s, %(actor)s, %(session)s, %(alert_id)s,
        %(reason)s, %(now)s, %(now)s);

-- session --
-- One that goes on
SELECT * FROM live_sessions WHERE session_id = %(session_id)s AND ended_at IS NULL;

-- open --
-- All that go on
SELECT * FROM live_sessions WHERE ended_at IS NULL ORDER BY session_id;

-- watchers --
-- Who watches what now
SELECT stream, actor AS user, min(began_at) AS since, (array_agg(alert_id ORDER BY began_at))[1] AS alert_id
FROM live_sessions
WHERE ended_at IS NULL AND kind = 'view'
GROUP BY stream, actor
ORDER BY since;

-- see --
-- The media process knows them
UPDATE live_sessions SET seen_at = %(now)s WHERE session_id = ANY(%(session_ids)s) AND ended_at IS NULL;

-- end --
-- It is over; no row where it was already
UPDATE live_sessions SET ended_at = %(now)s, end_reason = %(why)s
WHERE session_id = %(session_id)s AND ended_at IS NULL
RETURNING stream, kind, actor_kind, actor, alert_id, reason, began_at;

-- may_not_send --
-- Who sends though its device was revoked or told to stop a while ago, or its source has ended or got another token
SELECT session_id, media_session
FROM live_sessions
WHERE ended_at IS NULL AND kind = 'publish' AND CASE actor_kind
    WHEN 'device' THEN
        NOT EXISTS (SELECT FROM devices WHERE device_id = actor AND revoked_at IS NULL)
        OR (
            NOT EXISTS (SELECT FROM live_publications WHERE live_publications.stream = live_sessions.stream)
            AND NOT EXISTS (
                SELECT FROM commands
                WHERE device_id = actor AND camera_id = split_part(stream, '/', 3) AND kind = 'live_stop'
                    AND issued_at > %(told_after)s
            )
        )
    WHEN 'source' THEN NOT EXISTS (
        SELECT FROM live_sources
        WHERE 'source/' || source_id = stream AND live_sources.ended_at IS NULL AND token_made_at <= began_at
    )
END;

-- end_publishing --
-- Publishers of a stream whose place another took
UPDATE live_sessions SET ended_at = %(now)s, end_reason = 'replaced'
WHERE stream = %(stream)s AND kind = 'publish' AND ended_at IS NULL;

-- alive --
-- Browsers that are still logged in, of these
SELECT encode(substr(token_sha256, 1, 8), 'hex'), users.name, users.role
FROM sessions JOIN users USING (user_id)
WHERE expires_at > %(now)s AND disabled_at IS NULL AND encode(substr(token_sha256, 1, 8), 'hex') = ANY(%(sessions)s);

-- forget_sessions --
-- What ended a day ago; the audit has it
DELETE FROM live_sessions WHERE ended_at < %(before)s;

-- one_at_a_time --
-- Only one process does the chores of live video at a time
SELECT pg_try_advisory_xact_lock(hashtextextended('live chores', 0));

-- has_chores --
-- Whether there is anything to look after
SELECT EXISTS (SELECT FROM live_sessions WHERE ended_at IS NULL) OR EXISTS (SELECT FROM live_publications);

-- is_of_camera --
-- Whether an alert is of this camera
SELECT state FROM alerts WHERE alert_id = %(alert_id)s AND device_id = %(device_id)s AND camera_id = %(camera_id)s;

-- add_source --
-- A drone or telephone that may publish
INSERT INTO live_sources (source_id, name, kind, flight_id, authorisation_id, purpose, device_id, token_sha256,
                          token_made_at, created_at, created_by)
VALUES (%(source_id)s, %(name)s, %(kind)s, %(flight_id)s, %(authorisation_id)s, %(purpose)s, %(device_id)s,
        %(token_sha256)s, %(now)s, %(now)s, %(by)s);

-- count_sources --
-- How many may publish
SELECT count(*) FROM live_sources WHERE ended_at IS NULL;

-- unknown_ground --
-- Which of what a new source names is not there
SELECT what FROM (VALUES
    ('flight_id', %(flight_id)s::uuid IS NULL OR EXISTS (SELECT FROM flights WHERE flight_id = %(flight_id)s)),
    ('authorisation_id', %(authorisation_id)s::uuid IS NULL OR EXISTS (
        SELECT FROM authorisations
        WHERE authorisation_id = %(authorisation_id)s AND valid_to > %(now)s AND coalesce(revoked_at > %(now)s, true)
    )),
    ('device_id', %(device_id)s::text IS NULL OR EXISTS (
        SELECT FROM devices WHERE device_id = %(device_id)s AND revoked_at IS NULL
    ))
) AS named (what, is_there)
WHERE NOT is_there
LIMIT 1;

-- sources --
-- Sources, the newest first; the cursor is the last one of the page before
SELECT source_id, name, kind, flight_id, authorisation_id, purpose, device_id, created_at, created_by, token_made_at,
    ended_at, regexp_replace(address, '^rtsps?://(.*@)?([^/?]*).*$', '\2') AS fetched_from
FROM live_sources LEFT JOIN live_pulls USING (source_id)
WHERE (%(source_id)s::uuid IS NULL OR source_id = %(source_id)s)
    AND (%(ended)s OR ended_at IS NULL)
    AND (%(flight_id)s::uuid IS NULL OR flight_id = %(flight_id)s)
    AND (%(before_at)s::timestamptz IS NULL OR (created_at, source_id) < (%(before_at)s, %(before_id)s::uuid))
ORDER BY created_at DESC, source_id DESC
LIMIT %(limit)s;

-- set_token --
-- Another token for a source; the one before opens nothing any more
UPDATE live_sources SET token_sha256 = %(token_sha256)s, token_made_at = %(now)s
WHERE source_id = %(source_id)s AND ended_at IS NULL
RETURNING source_id;

-- end_source --
-- It may not publish any more
UPDATE live_sources SET ended_at = %(now)s, ended_by = %(by)s
WHERE source_id = %(source_id)s AND ended_at IS NULL
RETURNING source_id;

-- forget_sources --
-- Sources that ended years ago and of which nothing recorded is left
DELETE FROM live_sources
WHERE ended_at < %(before)s AND NOT EXISTS (
    SELECT FROM live_recordings WHERE live_recordings.source_id = live_sources.source_id
)
RETURNING source_id;

-- token_of --
-- What the token of a source hashes to, while it may publish
SELECT token_sha256 FROM live_sources WHERE source_id = %(source_id)s AND ended_at IS NULL;
