-- items --
-- Cameras as lists and stream show them
SELECT * FROM camera_items ORDER BY name, device_id, camera_id;
