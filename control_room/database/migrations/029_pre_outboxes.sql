-- Gaps in what a device sent are asked for again by the room itself.

CREATE TABLE outboxes (
    device_id text NOT NULL REFERENCES devices (device_id),
    outbox_id uuid NOT NULL,
    greatest bigint NOT NULL CHECK (greatest >= 1),
    settled bigint NOT NULL DEFAULT 0 CHECK (settled >= 0),
    gap_last bigint,
    gap_since timestamptz,
    times_asked integer NOT NULL DEFAULT 0 CHECK (times_asked >= 0),
    ask_at timestamptz,
    command_id uuid REFERENCES commands (command_id),
    PRIMARY KEY (device_id, outbox_id)
);
COMMENT ON TABLE outboxes IS 'How much of each outbox of a device has arrived, and what is done about its gaps.';
COMMENT ON COLUMN outboxes.device_id IS 'Whose.';
COMMENT ON COLUMN outboxes.outbox_id IS 'UUID that the device made with the file.';
COMMENT ON COLUMN outboxes.greatest IS 'The greatest sequence that is stored.';
COMMENT ON COLUMN outboxes.settled IS 'Up to this sequence nothing is awaited: it is stored, a dead letter, or was given up.';
COMMENT ON COLUMN outboxes.gap_last IS 'The last sequence that is missing; the first is the one after settled; null: no gap is known.';
COMMENT ON COLUMN outboxes.gap_since IS 'When the gap behind settled was first seen (server); null: none is known.';
COMMENT ON COLUMN outboxes.times_asked IS 'How often this gap was asked for.';
COMMENT ON COLUMN outboxes.ask_at IS 'When it is asked for next (server); null: none is known.';
COMMENT ON COLUMN outboxes.command_id IS 'The resend command that asked last; null: none yet.';

INSERT INTO outboxes (device_id, outbox_id, greatest)
SELECT device_id, outbox_id, max(sequence) FROM events
WHERE EXISTS (SELECT FROM devices WHERE devices.device_id = events.device_id)
GROUP BY device_id, outbox_id;

COMMENT ON COLUMN ingest_counts.outcome IS 'stored, duplicate, dead_letter, status, metrics, reply; gap_asked, gap_given_up.';
