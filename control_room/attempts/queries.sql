-- take --
-- Count an attempt; no row where there were as many within the window already
INSERT INTO attempts (kind, key, times, last_at)
VALUES (%(kind)s, %(key)s, ARRAY[%(now)s::timestamptz], %(now)s)
ON CONFLICT (kind, key) DO UPDATE
SET times = ARRAY(SELECT at FROM unnest(attempts.times) AS at WHERE at > %(since)s ORDER BY at) || excluded.times,
    last_at = excluded.last_at
WHERE (SELECT count(*) FROM unnest(attempts.times) AS at WHERE at > %(since)s) < %(limit)s
RETURNING true;

-- wait_s --
-- Until the oldest attempt of the window leaves it
SELECT coalesce(extract(epoch FROM min(at) - %(since)s), 0)::double precision
FROM attempts, unnest(times) AS at
WHERE kind = %(kind)s AND key = %(key)s AND at > %(since)s;

-- forget --
-- They do not count any more
DELETE FROM attempts WHERE kind = %(kind)s AND key = ANY(%(keys)s);

-- forget_old --
-- Attempts that no window has any more
DELETE FROM attempts WHERE last_at <= %(before)s;
