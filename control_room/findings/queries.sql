-- shown --
-- A video or still of a flight that is there, and the camera of its aircraft
SELECT footage.footage_id, footage.flight_id, footage.kind, footage.width_px, footage.height_px, footage.sync_offset_s,
    footage.telemetry, footage.captured_from, footage.captured_to, footage.lens, aircraft.camera_model,
    aircraft.calibration
FROM footage
JOIN flights USING (flight_id)
LEFT JOIN aircraft USING (aircraft_id)
WHERE footage.flight_id = %(flight_id)s AND footage_id = %(footage_id)s AND footage.kind IN ('video', 'still');

-- samples --
-- The telemetry of a file, whole or of some seconds
SELECT row, time_s, at AS time_utc, lat, lon, rel_alt_m, abs_alt_m, gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg,
    focal_length_mm, focal_length_equivalent_mm, zoom, horizontal_view_deg, vertical_view_deg, position_error_m
FROM telemetry_samples
WHERE footage_id = %(footage_id)s AND (%(from_s)s::double precision IS NULL OR time_s BETWEEN %(from_s)s AND %(to_s)s)
ORDER BY row;

-- samples_of_log --
-- The part of a whole flight's log that a file without telemetry of its own lies in, whole or of some seconds
SELECT row, extract(epoch FROM at - %(captured_from)s::timestamptz)::double precision AS time_s, at AS time_utc, lat, lon,
    rel_alt_m, abs_alt_m, gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg, focal_length_mm, focal_length_equivalent_mm,
    zoom, horizontal_view_deg, vertical_view_deg, position_error_m
FROM telemetry_samples JOIN footage USING (footage_id)
WHERE flight_id = %(flight_id)s AND kind = 'telemetry' AND belongs_to IS NULL
    AND at BETWEEN %(captured_from)s::timestamptz + make_interval(secs => %(from_s)s)
        AND %(captured_from)s::timestamptz + make_interval(secs => %(to_s)s)
    AND NOT EXISTS (SELECT FROM telemetry_samples AS own WHERE own.footage_id = %(footage_id)s)
ORDER BY at, row;

-- known_points --
-- Points of a flight that somebody knows
SELECT known_point_id, footage_id, time_s, x, y, lat, lon, added_at, added_by
FROM known_points
WHERE flight_id = %(flight_id)s AND removed_at IS NULL
ORDER BY known_point_id;

-- add_known_point --
-- A point of a picture of which somebody knows where it is
INSERT INTO known_points (known_point_id, flight_id, footage_id, time_s, x, y, lat, lon, added_at, added_by)
VALUES (%(known_point_id)s, %(flight_id)s, %(footage_id)s, %(time_s)s, %(x)s, %(y)s, %(lat)s, %(lon)s, %(now)s, %(by)s);

-- remove_known_point --
-- It does not count any more; no row where it did not
UPDATE known_points SET removed_at = %(now)s
WHERE known_point_id = %(known_point_id)s AND flight_id = %(flight_id)s AND removed_at IS NULL
RETURNING known_point_id;

-- flight --
-- Whose it is and which rules hold for it; no row where there is none
SELECT flight_id, pilot, state, legal_regime, pixelated FROM flights WHERE flight_id = %(flight_id)s;

-- lock_flight --
-- Its findings are placed anew by one at a time
SELECT flight_id FROM flights WHERE flight_id = %(flight_id)s FOR NO KEY UPDATE;

-- page --
-- Findings as lists show them, the most worth a look first; the cursor is the last row of the page before
SELECT *
FROM finding_items
WHERE (%(flight_id)s::uuid IS NULL OR flight_id = %(flight_id)s)
    AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
    AND (%(site_id)s::uuid IS NULL OR site_id = %(site_id)s)
    AND (%(since)s::timestamptz IS NULL OR seen_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR seen_at < %(until)s)
    AND (%(west)s::double precision IS NULL
         OR lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s)
    AND (%(before_score)s::double precision IS NULL
         OR (score, finding_id) < (%(before_score)s, %(before_id)s::uuid))
ORDER BY score DESC, finding_id DESC
LIMIT %(limit)s;

-- item --
-- One, as lists show it
SELECT * FROM finding_items WHERE finding_id = %(finding_id)s;

-- history --
-- Who did what to a finding, the first first
SELECT at, actor, action, changed, reason FROM finding_history WHERE finding_id = %(finding_id)s ORDER BY history_id;

-- lock --
-- A finding, held until this transaction ends
SELECT finding_id, version, flight_id, footage_id, state, label, confidence, seen_at, time_s, box, looks, lat, lon, ce90_m,
    ellipse, depression_deg, method, picture_sha256, waste_class, note, site_id, event_id, merged_into, added_by
FROM findings
WHERE finding_id = %(finding_id)s
FOR UPDATE;

-- add --
-- What a person saw
INSERT INTO findings (finding_id, flight_id, footage_id, state, label, score, reasons, seen_at, time_s, box, lat, lon,
                      ce90_m, ellipse, depression_deg, method, waste_class, note, added_by, added_at)
VALUES (%(finding_id)s, %(flight_id)s, %(footage_id)s, 'candidate', %(label)s, 1, '[{"code": "by_hand"}]', %(seen_at)s,
        %(time_s)s, %(box)s, %(lat)s, %(lon)s, %(ce90_m)s, %(ellipse)s, %(depression_deg)s, %(method)s, %(waste_class)s,
        %(note)s, %(by)s, %(now)s);

-- judge --
-- A person's word on a finding
UPDATE findings
SET state = %(state)s, version = version + 1, reviewed_by = %(by)s, reviewed_at = %(at)s,
    merged_into = %(merged_into)s, label = coalesce(%(label)s, label),
    waste_class = coalesce(%(waste_class)s, waste_class), note = coalesce(%(note)s, note),
    event_id = coalesce(%(event_id)s, event_id)
WHERE finding_id = %(finding_id)s;

-- set_place --
-- Where it is, as is known now
UPDATE findings
SET lat = %(lat)s, lon = %(lon)s, ce90_m = %(ce90_m)s, ellipse = %(ellipse)s, depression_deg = %(depression_deg)s,
    method = %(method)s, version = version + 1
WHERE finding_id = %(finding_id)s;

-- set_site --
-- To which site it belongs
UPDATE findings SET site_id = %(site_id)s WHERE finding_id = %(finding_id)s;

-- to_place_anew --
-- Findings whose place comes from a picture
SELECT finding_id, footage_id, time_s, box, lat, lon
FROM findings
WHERE flight_id = %(flight_id)s AND box IS NOT NULL AND footage_id IS NOT NULL AND NOT placed_by_hand
ORDER BY finding_id
FOR UPDATE;

-- place_by_hand --
-- From now on its place is what a person gave
UPDATE findings SET placed_by_hand = true WHERE finding_id = %(finding_id)s;

-- add_history --
-- Write down an act on a finding
INSERT INTO finding_history (finding_id, at, actor, action, changed, reason)
VALUES (%(finding_id)s, %(now)s, %(actor)s, %(action)s, %(changed)s, %(reason)s);

-- sample_near --
-- When a moment of a video or a still was, by the drone's clock
SELECT at + make_interval(secs => coalesce(%(time_s)s - time_s, 0))
FROM telemetry_samples
WHERE footage_id = %(footage_id)s
ORDER BY abs(coalesce(time_s - %(time_s)s, 0)), row
LIMIT 1;

-- captured --
-- When a moment of a file's recording was, where no telemetry of its own says it
SELECT coalesce(captured_from, received_at, created_at) + make_interval(secs => coalesce(%(time_s)s, 0))
FROM footage WHERE footage_id = %(footage_id)s;

-- picture --
-- The picture that shows it best
SELECT picture_sha256 FROM findings WHERE finding_id = %(finding_id)s;

-- counts --
-- How many findings of a flight are in each state
SELECT state, count(*) FROM findings WHERE flight_id = %(flight_id)s GROUP BY state;

-- room_outbox --
-- As which device the room reports
SELECT device_id, outbox_id FROM room_outbox;

-- lock_room_outbox --
-- One at a time makes it
LOCK TABLE room_outbox IN SHARE ROW EXCLUSIVE MODE;

-- add_room_device --
-- Nobody may speak as it over the wire
INSERT INTO devices (device_id, name, created_at, revoked_at, purpose)
VALUES (%(device_id)s, %(name)s, %(now)s, %(now)s, 'drone_finding');

-- add_room_outbox --
-- Of its messages
INSERT INTO room_outbox (device_id, outbox_id) VALUES (%(device_id)s, %(outbox_id)s);

-- next_sequence --
-- The place of the room's next message; held until the transaction ends, so that there is no gap
INSERT INTO outboxes AS known (device_id, outbox_id, greatest, settled)
VALUES (%(device_id)s, %(outbox_id)s, 1, 1)
ON CONFLICT (device_id, outbox_id) DO UPDATE SET greatest = known.greatest + 1, settled = known.greatest + 1
RETURNING greatest;

-- add_event --
-- The room's own message; its time is in order or stands displaced, as any device's
WITH stored AS (
    INSERT INTO events (event_id, outbox_id, sequence, occurred_at, message_id, device_id, camera_id, rule, phase,
                        severity, sent_at, received_at, message, device_time, time_fault)
    VALUES (%(event_id)s, %(outbox_id)s, %(sequence)s, %(occurred_at)s, %(message_id)s, %(device_id)s, '', %(rule)s,
            %(phase)s, %(severity)s, %(now)s, %(now)s, %(message)s, %(device_time)s, %(time_fault)s)
    RETURNING event_id, outbox_id, sequence, occurred_at, time_fault
)
INSERT INTO displaced_events (event_id, outbox_id, sequence, occurred_at)
SELECT event_id, outbox_id, sequence, occurred_at FROM stored WHERE time_fault IS NOT NULL;

-- count_event --
-- As ingest counts; nothing where TimescaleDB counts by itself
INSERT INTO event_count_changes (hour, device_id, camera_id, rule, opened, messages)
SELECT date_trunc('hour', %(occurred_at)s::timestamptz, 'UTC'), %(device_id)s, '', %(rule)s,
    (%(phase)s = 'opened')::integer, 1
WHERE to_regclass('event_counts_by_camera') IS NULL;

-- add_alert --
-- The alert that stands for it
INSERT INTO alerts (alert_id, event_id, device_id, camera_id, rule, severity, confidence, opened_at, received_at,
                    updated_at, lat, lon, accuracy_m, objects, attributes, model, told_closed, told_outbox_id,
                    told_sequence, opened_seen, time_fault)
VALUES (%(alert_id)s, %(event_id)s, %(device_id)s, NULL, %(rule)s, %(severity)s, %(confidence)s, %(occurred_at)s,
        %(now)s, %(now)s, %(lat)s, %(lon)s, %(accuracy_m)s, %(objects)s, %(attributes)s, %(model)s, false,
        %(outbox_id)s, %(sequence)s, true, %(time_fault)s);

-- add_alert_history --
-- The room says that it opened
INSERT INTO alert_history (alert_id, at, actor_kind, actor, action, state, version)
VALUES (%(alert_id)s, %(now)s, 'system', 'room', 'opened', 'new', 1);

-- add_evidence --
-- The picture, which is in the store already
INSERT INTO evidence (evidence_id, device_id, event_id, kind, media_type, sha256, bytes, captured_from, captured_to,
                      announced_at, received_at)
VALUES (%(evidence_id)s, %(device_id)s, %(event_id)s, 'snapshot', 'image/jpeg', %(sha256)s, %(bytes)s, %(seen_at)s,
        %(seen_at)s, %(now)s, %(now)s);

-- newest_message --
-- What the room last said of an event
SELECT message FROM events
JOIN room_outbox USING (device_id, outbox_id)
WHERE event_id = %(event_id)s
ORDER BY sequence DESC
LIMIT 1;

-- note_updated --
-- The alert of an event of which the room said more
UPDATE alerts SET told_sequence = %(sequence)s, updated_at = %(now)s
WHERE device_id = %(device_id)s AND event_id = %(event_id)s
RETURNING alert_id;

-- set_picture --
-- The picture that shows it best; no row where it has one, or is gone
UPDATE findings SET picture_sha256 = %(sha256)s
WHERE finding_id = %(finding_id)s AND picture_sha256 IS NULL
RETURNING event_id;

-- alert_of --
-- The alert of the event that a finding became
SELECT alert_id, state, version
FROM alerts
JOIN room_outbox USING (device_id)
WHERE event_id = %(event_id)s;

-- model_of --
-- Of the last analysis of a flight that ended
SELECT model FROM analyses WHERE flight_id = %(flight_id)s AND model IS NOT NULL ORDER BY asked_at DESC LIMIT 1;

-- report_flight --
-- What a report says of the flight itself
SELECT flights.flight_id, flights.pilot, flights.purpose, flights.urgent_reason, flights.take_off_at, flights.landed_at,
    flights.track, concat_ws(' ', aircraft.name, '(' || aircraft.serial_number || ')') AS aircraft,
    nullif(concat_ws(' ', authorisations.authority, authorisations.reference), '') AS authorisation
FROM flights
LEFT JOIN aircraft USING (aircraft_id)
LEFT JOIN authorisations USING (authorisation_id)
WHERE flights.flight_id = %(flight_id)s;
