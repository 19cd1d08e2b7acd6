-- lock_owner --
-- One upload of this sender is begun at a time, so that its quota holds
SELECT pg_advisory_xact_lock(hashtextextended(%(owner_kind)s || ':' || %(owner)s, 7));

-- held --
-- How many uploads a sender has open, and how many bytes it claims or, of people, has sent and made no part of anything
SELECT count(*) FILTER (WHERE finished_at IS NULL OR kind = 'partial'),
    coalesce(sum(length_bytes) FILTER (WHERE finished_at IS NULL OR kind = 'partial' OR (owner_kind = 'user' AND NOT EXISTS (
        SELECT FROM footage WHERE footage.upload_id = uploads.upload_id AND footage.state = 'ready'
    ))), 0)
FROM uploads
WHERE owner_kind = %(owner_kind)s AND owner = %(owner)s;

-- begin --
-- A new upload; no row where it was begun before
INSERT INTO uploads (
    upload_id, owner_kind, owner, kind, length_bytes, metadata, concat, name, sha256, created_at, expires_at, finished_at
) VALUES (
    %(upload_id)s, %(owner_kind)s, %(owner)s, %(kind)s, %(length_bytes)s, %(metadata)s, %(concat)s, %(name)s, %(sha256)s,
    %(now)s, %(expires_at)s, %(finished_at)s
)
ON CONFLICT DO NOTHING
RETURNING upload_id;

-- known --
-- What is known of an upload
SELECT upload_id, owner_kind, owner, kind, length_bytes, metadata, concat, name, sha256, probe, created_at, expires_at,
    finished_at
FROM uploads
WHERE upload_id = %(upload_id)s;

-- go_on --
-- Somebody goes on with an upload
UPDATE uploads SET expires_at = %(expires_at)s WHERE upload_id = %(upload_id)s AND finished_at IS NULL;

-- finish --
-- The whole is here; no row where it was ended meanwhile
UPDATE uploads SET finished_at = %(now)s, expires_at = %(expires_at)s, sha256 = coalesce(%(sha256)s, sha256),
    probe = %(probe)s
WHERE upload_id = %(upload_id)s
RETURNING upload_id;

-- remove --
-- These uploads are ended
DELETE FROM uploads WHERE upload_id = ANY(%(upload_ids)s);

-- expired --
-- Uploads that nobody went on with, and sent files that nobody made part of anything
SELECT upload_id, finished_at IS NOT NULL AND owner_kind = 'user' AND kind <> 'partial' AS has_file, sha256, EXISTS (
        SELECT FROM footage WHERE footage.upload_id = uploads.upload_id AND footage.state <> 'awaited'
    ) AS is_footage
FROM uploads
WHERE expires_at < %(now)s
ORDER BY upload_id
LIMIT 100
FOR UPDATE SKIP LOCKED;

-- existing --
-- Which of these uploads still come
SELECT upload_id FROM uploads WHERE upload_id = ANY(%(upload_ids)s) AND (finished_at IS NULL OR kind = 'partial');

-- lock_content --
-- Nobody else adds or removes a file of this content until this transaction ends
SELECT pg_advisory_xact_lock(hashtextextended(%(sha256)s, 0));
