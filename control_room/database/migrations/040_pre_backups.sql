-- When backups were made, and whom a restored room still has to ask for what is newer.

CREATE TABLE backups (
    backup_id uuid PRIMARY KEY,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    bytes bigint NOT NULL,
    files bigint NOT NULL,
    rows bigint NOT NULL
);
CREATE INDEX backups_by_end ON backups (ended_at);
COMMENT ON TABLE backups IS 'Backups that were made whole, for /metrics.';
COMMENT ON COLUMN backups.backup_id IS 'UUIDv7 of this room, also in the manifest.';
COMMENT ON COLUMN backups.begun_at IS 'The moment that it is of (server).';
COMMENT ON COLUMN backups.ended_at IS 'When it was whole (server).';
COMMENT ON COLUMN backups.bytes IS 'What it added to the folder.';
COMMENT ON COLUMN backups.files IS 'Files of the store that belong to it, also those that an older backup had brought.';
COMMENT ON COLUMN backups.rows IS 'Rows of all tables in it.';

CREATE TABLE recoveries (
    device_id text NOT NULL REFERENCES devices (device_id),
    outbox_id uuid NOT NULL,
    first bigint NOT NULL CHECK (first >= 1),
    since timestamptz NOT NULL,
    times_asked integer NOT NULL DEFAULT 0 CHECK (times_asked >= 0),
    ask_at timestamptz NOT NULL,
    command_id uuid REFERENCES commands (command_id),
    ended_at timestamptz,
    result text,
    PRIMARY KEY (device_id, outbox_id)
);
COMMENT ON TABLE recoveries IS 'After a restore: which devices are asked to send again what is newer than the backup.';
COMMENT ON COLUMN recoveries.device_id IS 'Whom.';
COMMENT ON COLUMN recoveries.outbox_id IS 'Of which outbox.';
COMMENT ON COLUMN recoveries.first IS 'From this sequence on: the one after the greatest in the backup.';
COMMENT ON COLUMN recoveries.since IS 'When the backup was restored (server).';
COMMENT ON COLUMN recoveries.times_asked IS 'How often it was asked.';
COMMENT ON COLUMN recoveries.ask_at IS 'When it is asked next, once it is there (server).';
COMMENT ON COLUMN recoveries.command_id IS 'The resend command that asked last; null: none yet.';
COMMENT ON COLUMN recoveries.ended_at IS 'When the device answered (server); null: it is awaited.';
COMMENT ON COLUMN recoveries.result IS 'answered, or why the device refused.';
