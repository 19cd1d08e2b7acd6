-- How far retention has come, and an audit whose oldest rows may leave.

CREATE TABLE removed_until (
    kind text PRIMARY KEY,
    until timestamptz NOT NULL
);
COMMENT ON TABLE removed_until IS 'How far retention has come: what is older is not whole any more, so nothing is counted from it again.';
COMMENT ON COLUMN removed_until.kind IS 'Name of the table of which it took.';
COMMENT ON COLUMN removed_until.until IS 'Rows before this time may be gone (exclusive).';

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('talaia.retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'rows of % can only be added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON TABLE audit IS 'Who did what, when, from where, on what, why and with what result; rows are only added, and leave when their years are over.';
