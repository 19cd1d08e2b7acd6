-- add_user --
-- A new account; no row where the name is taken
INSERT INTO users (user_id, name, password_hash, role, language, created_at)
VALUES (%(user_id)s, %(name)s, %(password_hash)s, %(role)s, %(language)s, %(now)s)
ON CONFLICT DO NOTHING
RETURNING user_id;

-- find_user --
-- The account of a login name, in whatever case it is typed
SELECT user_id, name, password_hash, role, language, disabled_at
FROM users
WHERE lower(name) = lower(%(name)s);

-- list_users --
-- All accounts by name
SELECT user_id, name, role, language, created_at, disabled_at, password_hash IS NOT NULL AS has_password
FROM users
ORDER BY lower(name);

-- page_of_users --
-- Accounts by name with what each may watch, a page of them
SELECT users.name AS "user", role, language, created_at, disabled_at, watches_all AS "all", watches_flights AS flights,
    coalesce(jsonb_agg(jsonb_build_object('device_id', device_id, 'camera_id', camera_id) ORDER BY device_id, camera_id)
             FILTER (WHERE camera_id IS NOT NULL), '[]') AS cameras
FROM users LEFT JOIN watched_cameras USING (user_id)
WHERE (%(search)s = '' OR position(lower(%(search)s) IN lower(users.name)) > 0)
    AND (%(after)s::text IS NULL OR lower(users.name) > lower(%(after)s))
GROUP BY users.user_id
ORDER BY lower(users.name)
LIMIT %(limit)s;

-- set_password --
-- Another password for an account
UPDATE users SET password_hash = %(password_hash)s WHERE user_id = %(user_id)s;

-- end_sessions --
-- Log an account out everywhere
DELETE FROM sessions WHERE user_id = %(user_id)s;

-- void_links --
-- Unused login links of an account stop working
UPDATE login_links SET used_at = %(now)s WHERE user_id = %(user_id)s AND used_at IS NULL;
