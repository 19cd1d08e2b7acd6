-- begin_session --
-- A browser is logged in
INSERT INTO sessions (token_sha256, user_id, csrf_token, created_at, expires_at, address, user_agent)
VALUES (%(token_sha256)s, %(user_id)s, %(csrf_token)s, %(now)s, %(expires_at)s, %(address)s, %(user_agent)s);

-- find_session --
-- The session of a cookie, while neither it nor its account has ended
SELECT token_sha256, users.name AS user, users.role, users.language, csrf_token, expires_at
FROM sessions
JOIN users USING (user_id)
WHERE token_sha256 = %(token_sha256)s AND expires_at > %(now)s AND disabled_at IS NULL;

-- end_session --
-- Log one browser out
DELETE FROM sessions WHERE token_sha256 = %(token_sha256)s;

-- forget_expired_sessions --
-- Sessions that have run out are of no use to anybody
DELETE FROM sessions WHERE expires_at <= %(now)s;

-- add_link --
-- A link that logs an account in once
INSERT INTO login_links (token_sha256, user_id, created_at, expires_at)
VALUES (%(token_sha256)s, %(user_id)s, %(now)s, %(expires_at)s);

-- use_link --
-- Use up a login link; its account's name, or no row where it is unknown, used, expired or of a disabled account
UPDATE login_links SET used_at = %(now)s
FROM users
WHERE token_sha256 = %(token_sha256)s AND used_at IS NULL AND expires_at > %(now)s
    AND users.user_id = login_links.user_id AND disabled_at IS NULL
RETURNING users.name;

-- forget_old_links --
-- Links that stopped working a day ago
DELETE FROM login_links WHERE expires_at <= %(before)s;
