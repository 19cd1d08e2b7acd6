-- What of the telemetry tells the lens, and how sure its position is.
ALTER TABLE telemetry_samples
    ADD COLUMN focal_length_equivalent_mm double precision,
    ADD COLUMN horizontal_view_deg double precision,
    ADD COLUMN vertical_view_deg double precision,
    ADD COLUMN position_error_m double precision;
COMMENT ON COLUMN telemetry_samples.focal_length_equivalent_mm IS 'For a frame of 36 x 24 mm, where the file tells.';
COMMENT ON COLUMN telemetry_samples.horizontal_view_deg IS 'Angle from the left to the right edge of the picture.';
COMMENT ON COLUMN telemetry_samples.vertical_view_deg IS 'Angle from its upper to its lower edge.';
COMMENT ON COLUMN telemetry_samples.position_error_m IS 'The file''s own horizontal accuracy.';
