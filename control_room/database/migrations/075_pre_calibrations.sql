-- A drone's camera as it was calibrated.

ALTER TABLE aircraft ADD COLUMN calibration jsonb;
COMMENT ON COLUMN aircraft.calibration IS 'Its wide lens as it was calibrated: width_px, height_px, camera_matrix, distortion; null: not calibrated.';
