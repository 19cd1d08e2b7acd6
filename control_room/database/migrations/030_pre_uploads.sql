-- Files that come piece by piece, of devices and of people; until now the size of a file on the disk was the only record.
CREATE TABLE uploads (
    upload_id uuid PRIMARY KEY,
    owner_kind text NOT NULL CHECK (owner_kind IN ('device', 'user')),
    owner text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('whole', 'partial', 'final')),
    length_bytes bigint NOT NULL CHECK (length_bytes >= 0),
    metadata text NOT NULL DEFAULT '',
    concat text NOT NULL DEFAULT '',
    name text,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    probe jsonb,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK (owner_kind = 'device' OR finished_at IS NULL OR kind = 'partial' OR sha256 IS NOT NULL)
);
CREATE INDEX uploads_by_owner ON uploads (owner_kind, owner);
CREATE INDEX uploads_by_expiry ON uploads (expires_at);
CREATE INDEX uploads_by_sha256 ON uploads (sha256) WHERE finished_at IS NOT NULL;
COMMENT ON TABLE uploads IS 'Files that come piece by piece (tus). How much of one is there, the size of its file says.';
COMMENT ON COLUMN uploads.upload_id IS 'The last part of its address; of a device''s file the evidence_id.';
COMMENT ON COLUMN uploads.owner_kind IS 'device or user.';
COMMENT ON COLUMN uploads.owner IS 'device_id or user name; nobody else may go on with it.';
COMMENT ON COLUMN uploads.kind IS 'whole; partial: only to be joined with others; final: such others joined.';
COMMENT ON COLUMN uploads.length_bytes IS 'Of the whole file, as it was claimed at the beginning.';
COMMENT ON COLUMN uploads.metadata IS 'Upload-Metadata as it was sent; empty: none.';
COMMENT ON COLUMN uploads.concat IS 'Upload-Concat as it was sent; empty: none.';
COMMENT ON COLUMN uploads.name IS 'What its sender calls the file, never a path; null: not said.';
COMMENT ON COLUMN uploads.sha256 IS 'Of the whole: what its sender said, then what came; null: not known yet, or in the evidence row.';
COMMENT ON COLUMN uploads.probe IS 'What was found in it (control_room.probing.result.Found); null: not looked into.';
COMMENT ON COLUMN uploads.created_at IS 'When it was begun (server).';
COMMENT ON COLUMN uploads.expires_at IS 'When it is removed unless somebody goes on with it, or, finished, makes it part of something (server).';
COMMENT ON COLUMN uploads.finished_at IS 'When the whole was in the store (server); null: it still comes.';
