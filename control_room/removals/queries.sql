-- note --
-- Files that are to leave the store once this transaction is over, unless something else has their content
INSERT INTO file_removals (sha256, due_at)
SELECT DISTINCT sha256, %(now)s::timestamptz FROM unnest(%(sha256s)s::text[]) AS given (sha256)
ORDER BY sha256
ON CONFLICT DO NOTHING;

-- next --
-- One that is due and that nobody else takes out just now
SELECT sha256 FROM file_removals ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- lock_content --
-- Nobody else adds or removes a file of this content until this transaction ends
SELECT pg_advisory_xact_lock(hashtextextended(%(sha256)s, 0));

-- uses_content --
-- Whether anything has this content
SELECT EXISTS (
    SELECT FROM evidence WHERE sha256 = %(sha256)s AND received_at IS NOT NULL AND erased_at IS NULL
) OR EXISTS (
    SELECT FROM uploads WHERE sha256 = %(sha256)s AND finished_at IS NOT NULL AND owner_kind = 'user'
) OR EXISTS (
    SELECT FROM footage WHERE sha256 = %(sha256)s AND state = 'ready'
) OR EXISTS (
    SELECT FROM footage WHERE pixelated_sha256 = %(sha256)s
) OR EXISTS (
    SELECT FROM live_recordings WHERE sha256 = %(sha256)s
) OR EXISTS (
    SELECT FROM findings WHERE picture_sha256 = %(sha256)s
) OR EXISTS (
    SELECT FROM site_visits WHERE before_sha256 = %(sha256)s
) OR EXISTS (
    SELECT FROM site_visits WHERE after_sha256 = %(sha256)s
);

-- forget --
-- It has left, or is used again
DELETE FROM file_removals WHERE sha256 = %(sha256)s;
