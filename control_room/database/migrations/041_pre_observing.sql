-- Attempts that every serving process counts, and how much waits at each worker.

CREATE UNLOGGED TABLE attempts (
    kind text NOT NULL,
    key text NOT NULL,
    times timestamptz[] NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX attempts_by_age ON attempts (last_at);
COMMENT ON TABLE attempts IS 'What was tried lately at the doors, for all serving processes; 15 minutes, in no backup.';
COMMENT ON COLUMN attempts.kind IS 'login or enrolment.';
COMMENT ON COLUMN attempts.key IS 'An address, an account, or a twelve-bit sum of a name that is nobody''s.';
COMMENT ON COLUMN attempts.times IS 'When, within the window (server).';
COMMENT ON COLUMN attempts.last_at IS 'The newest of them (server).';

ALTER TABLE workers ADD COLUMN waiting integer;
ALTER TABLE workers ADD COLUMN unsettled integer;
ALTER TABLE workers ADD COLUMN oldest_s double precision;
COMMENT ON COLUMN workers.waiting IS 'Messages that it has and did not store yet; null: a version that does not say.';
COMMENT ON COLUMN workers.unsettled IS 'Messages that the broker gave it and that it did not ack; null: a version that does not say.';
COMMENT ON COLUMN workers.oldest_s IS 'For how long the oldest of those that wait has, seconds; null: none waits.';
