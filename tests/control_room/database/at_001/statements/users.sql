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

-- set_password --
-- Another password for an account
UPDATE users SET password_hash = %(password_hash)s WHERE user_id = %(user_id)s;

-- end_sessions --
-- Log an account out everywhere
DELETE FROM sessions WHERE user_id = %(user_id)s;

-- void_links --
-- Unused login links of an account stop working
UPDATE login_links SET used_at = %(now)s WHERE user_id = %(user_id)s AND used_at IS NULL;
