-- viewer --
-- What a user may watch
SELECT users.name, users.watches_all, users.watches_flights,
    coalesce(jsonb_agg(jsonb_build_object('device_id', device_id, 'camera_id', camera_id) ORDER BY device_id, camera_id)
             FILTER (WHERE camera_id IS NOT NULL), '[]') AS cameras
FROM users LEFT JOIN watched_cameras USING (user_id)
WHERE lower(users.name) = lower(%(name)s)
GROUP BY users.user_id;

-- own --
-- Keys of flights that this pilot flew, of their live sources, and of the events of what was found in them
SELECT 'flight/' || flight_id FROM flights WHERE pilot = %(name)s
UNION ALL
SELECT 'source/' || source_id FROM live_sources LEFT JOIN flights USING (flight_id)
WHERE live_sources.created_by = %(name)s OR flights.pilot = %(name)s;

-- flight_of_finding --
-- The flight in whose footage something was found
SELECT flight_id FROM findings WHERE finding_id = %(key)s;

-- flight_of_visit --
-- The flight that looked at a site
SELECT flight_id FROM site_visits WHERE visit_id = %(key)s;

-- missing --
-- A camera of the list that is not there
SELECT device_id, camera_id
FROM unnest(%(device_ids)s::text[], %(camera_ids)s::text[]) AS wanted (device_id, camera_id)
WHERE NOT EXISTS (
    SELECT FROM cameras WHERE cameras.device_id = wanted.device_id AND cameras.camera_id = wanted.camera_id
)
LIMIT 1;

-- set_viewer --
-- Whether a user may watch everything
UPDATE users SET watches_all = %(all)s, watches_flights = %(flights)s WHERE name = %(name)s;

-- clear_cameras --
-- The list that is about to be written anew
DELETE FROM watched_cameras USING users WHERE users.user_id = watched_cameras.user_id AND users.name = %(name)s;

-- add_cameras --
-- The list of a user
INSERT INTO watched_cameras (user_id, device_id, camera_id)
SELECT user_id, device_id, camera_id
FROM users CROSS JOIN unnest(%(device_ids)s::text[], %(camera_ids)s::text[]) AS wanted (device_id, camera_id)
WHERE name = %(name)s;

-- lasting --
-- The newest reason of a session that opens this span of a camera now; none of a clock that was set back since
SELECT object, reason
FROM viewing_reasons
WHERE session = %(session)s AND watched = %(watched)s AND expires_at > %(now)s AND given_at <= %(now)s + %(apart)s::interval
    AND (seen_from IS NULL OR seen_from - %(apart)s::interval <= %(from)s::timestamptz)
    AND (seen_to IS NULL OR seen_to + %(apart)s::interval >= coalesce(%(to)s::timestamptz, 'infinity'))
ORDER BY given_at DESC
LIMIT 1;

-- add --
-- Somebody says why
INSERT INTO viewing_reasons (reason_id, watched, session, user_name, seen_from, seen_to, object, reason, given_at, expires_at)
SELECT %(reason_id)s, watched, %(session)s, %(user_name)s, %(from)s, %(to)s, %(object)s, %(reason)s, %(now)s, %(expires_at)s
FROM (SELECT DISTINCT unnest(%(watched)s::text[]) AS watched) AS wanted;

-- listed --
-- Reasons of a session that last, the newest first
SELECT reason_id, user_name AS user, seen_from AS "from", seen_to AS "to", object, reason, given_at, expires_at,
    array_agg(watched ORDER BY watched) AS watched
FROM viewing_reasons
WHERE session = %(session)s AND expires_at > %(now)s
GROUP BY reason_id, user_name, seen_from, seen_to, object, reason, given_at, expires_at
ORDER BY given_at DESC
LIMIT 200;

-- forget_old --
-- Reasons that ended long ago
DELETE FROM viewing_reasons WHERE expires_at < %(before)s;

-- carries --
-- Whether an alert is open, of this camera, and about this span: from when its thing first rested, hours ago at most, to its end
SELECT 1
FROM alerts
WHERE alert_id = %(alert_id)s AND state <> 'closed' AND device_id = %(device_id)s AND camera_id = %(camera_id)s
    AND %(from)s::timestamptz >= opened_at - %(margin)s::interval - CASE
        WHEN attributes ->> 'began_at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$' THEN
            least(greatest(opened_at - (attributes ->> 'began_at')::timestamptz, interval '0'), %(rested)s::interval)
        ELSE interval '0'
    END
    AND %(to)s::timestamptz <= coalesce(over_since, %(now)s::timestamptz) + %(margin)s::interval;
