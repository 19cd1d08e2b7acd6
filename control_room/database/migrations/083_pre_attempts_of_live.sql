-- Live pictures and going back in them are counted for all serving processes too.
COMMENT ON COLUMN attempts.kind IS 'login, enrolment, live_offer or live_rewind.';
COMMENT ON COLUMN attempts.key IS 'An address, an account, a device, a live source, or a twelve-bit sum of a name that is nobody''s.';
