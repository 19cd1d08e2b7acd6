-- After a restore: which announced files the room lacks, and whom it has asked for them.

CREATE TABLE restores (
    restored_at timestamptz PRIMARY KEY,
    backup_id uuid NOT NULL
);
COMMENT ON TABLE restores IS 'When a backup was brought into this database.';
COMMENT ON COLUMN restores.restored_at IS 'When all rows were there (server).';
COMMENT ON COLUMN restores.backup_id IS 'Of the manifest.';

CREATE TABLE evidence_asked (
    evidence_id uuid PRIMARY KEY REFERENCES evidence (evidence_id) ON DELETE CASCADE,
    times_asked integer NOT NULL CHECK (times_asked >= 1),
    ask_at timestamptz NOT NULL,
    command_id uuid REFERENCES commands (command_id) ON DELETE SET NULL
);
CREATE INDEX evidence_asked_by_command ON evidence_asked (command_id);
COMMENT ON TABLE evidence_asked IS 'Files that a restored room lacks though they are announced, and for which it has asked their device.';
COMMENT ON COLUMN evidence_asked.evidence_id IS 'Which.';
COMMENT ON COLUMN evidence_asked.times_asked IS 'How often.';
COMMENT ON COLUMN evidence_asked.ask_at IS 'When it is asked next, where the device does not answer (server).';
COMMENT ON COLUMN evidence_asked.command_id IS 'The resend command that asked last; null: it is gone.';

CREATE INDEX evidence_awaited ON evidence (device_id) WHERE announced_at IS NOT NULL AND received_at IS NULL AND erased_at IS NULL;
