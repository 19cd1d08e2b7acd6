-- check_inputs --
-- Fingerprint of all that the replay of a flight rests on: its row, its permission, its telemetry, the geozones, the settings
SELECT inputs FROM flight_check_inputs(%(settings)s) WHERE flight_id = %(flight_id)s;

-- stale_checks --
-- Flights with a track whose kept result is missing or rests on something else by now, the newest first
SELECT present.flight_id
FROM flight_check_inputs(%(settings)s) AS present
JOIN flights USING (flight_id)
LEFT JOIN flight_checks USING (flight_id)
WHERE flights.track IS NOT NULL AND flight_checks.inputs IS DISTINCT FROM present.inputs
ORDER BY flights.created_at DESC
LIMIT %(limit)s;

-- kept_checks --
-- What the last replay found
SELECT inputs, computed_at, result FROM flight_checks WHERE flight_id = %(flight_id)s;

-- keep_checks --
-- What this replay found, in the place of the last one
INSERT INTO flight_checks (flight_id, inputs, computed_at, result)
VALUES (%(flight_id)s, %(inputs)s, %(now)s, %(result)s)
ON CONFLICT (flight_id) DO UPDATE
    SET inputs = excluded.inputs, computed_at = excluded.computed_at, result = excluded.result;

-- checked_flight --
-- A flight with its permission
SELECT flights.flight_id, flights.take_off_lat, flights.take_off_lon, flights.take_off_elevation_m, flights.track,
    flights.urgent_reason, flights.authorisation_id, authorisations.area, authorisations.valid_from,
    authorisations.valid_to, authorisations.revoked_at
FROM flights
LEFT JOIN authorisations USING (authorisation_id)
WHERE flights.flight_id = %(flight_id)s;

-- flown_samples --
-- Where the aircraft was, five times a second at most
SELECT DISTINCT ON (date_bin('200 milliseconds', telemetry_samples.at, '2000-01-01 00:00:00Z'))
    telemetry_samples.at, telemetry_samples.lon, telemetry_samples.lat, telemetry_samples.rel_alt_m
FROM telemetry_samples
WHERE telemetry_samples.footage_id IN (SELECT footage_id FROM footage WHERE flight_id = %(flight_id)s)
    AND telemetry_samples.lat IS NOT NULL AND telemetry_samples.lon IS NOT NULL
ORDER BY date_bin('200 milliseconds', telemetry_samples.at, '2000-01-01 00:00:00Z'), telemetry_samples.at
LIMIT %(limit)s;

-- items --
-- Flights as the log has them, the newest first; the cursor is the last one of the page before
SELECT flights.flight_id, flights.version, flights.state, flights.pilot, flights.observer, flights.aircraft_id,
    aircraft.name AS aircraft_name, aircraft.serial_number AS aircraft_serial_number, flights.authorisation_id,
    authorisations.reference AS authorisation_reference, authorisations.valid_from, authorisations.valid_to,
    authorisations.revoked_at, flights.urgent_reason, flights.purpose, flights.legal_regime, flights.risk_assessment,
    flights.preflight, flights.weather, flights.occurrences, flights.line_of_sight, flights.take_off_at,
    flights.landed_at, flights.take_off_lat, flights.take_off_lon, flights.landing_lat, flights.landing_lon,
    flights.take_off_elevation_m, flights.greatest_height_m, flights.length_m, flights.times_from, flights.created_at,
    flights.created_by, flights.closed_at, urgent_notices.told_at, urgent_notices.told_to,
    urgent_notices.register_number, used.battery_ids, used.battery_names,
    (SELECT count(*) FROM jsonb_array_elements(flight_checks.result -> 'items') AS found
     WHERE flight_checks.flight_id IS NOT NULL AND found ->> 'level' = 'serious') AS serious,
    (SELECT count(*) FROM jsonb_array_elements(flight_checks.result -> 'items') AS found
     WHERE flight_checks.flight_id IS NOT NULL AND found ->> 'level' = 'look') AS to_look_at,
    flight_checks.flight_id IS NOT NULL AS is_checked
FROM flights
LEFT JOIN aircraft USING (aircraft_id)
LEFT JOIN authorisations USING (authorisation_id)
LEFT JOIN urgent_notices ON urgent_notices.flight_id = flights.flight_id
LEFT JOIN flight_checks ON flight_checks.flight_id = flights.flight_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(battery_id ORDER BY batteries.name), '{}') AS battery_ids,
        coalesce(array_agg(batteries.name ORDER BY batteries.name), '{}') AS battery_names
    FROM flight_batteries JOIN batteries USING (battery_id)
    WHERE flight_batteries.flight_id = flights.flight_id
) AS used
WHERE (%(flight_id)s::uuid IS NULL OR flights.flight_id = %(flight_id)s)
    AND (%(pilot)s::text IS NULL OR flights.pilot = %(pilot)s)
    AND (%(aircraft_id)s::uuid IS NULL OR flights.aircraft_id = %(aircraft_id)s)
    AND (%(state)s::text IS NULL OR flights.state = %(state)s)
    AND (%(urgent)s::boolean IS NULL OR %(urgent)s = (flights.urgent_reason IS NOT NULL))
    AND (%(since)s::timestamptz IS NULL OR coalesce(flights.take_off_at, flights.created_at) >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR coalesce(flights.take_off_at, flights.created_at) < %(until)s)
    AND (%(before_id)s::uuid IS NULL
         OR (coalesce(flights.take_off_at, flights.created_at), flights.flight_id)
            < (%(before_at)s::timestamptz, %(before_id)s::uuid))
ORDER BY coalesce(flights.take_off_at, flights.created_at) DESC, flights.flight_id DESC
LIMIT %(limit)s;

-- lock --
-- A flight that is about to change, also a closed one
SELECT * FROM flights WHERE flight_id = %(flight_id)s FOR UPDATE;

-- plan --
-- A flight before its take-off
INSERT INTO flights (flight_id, pilot, observer, aircraft_id, authorisation_id, urgent_reason, purpose, legal_regime,
                     risk_assessment, weather, preflight, created_at, created_by, updated_at)
VALUES (%(flight_id)s, %(by)s, %(observer)s, %(aircraft_id)s, %(authorisation_id)s, %(urgent_reason)s, %(purpose)s,
        %(legal_regime)s, %(risk_assessment)s, %(weather)s, %(preflight)s, %(now)s, %(by)s, %(now)s);

-- write_preflight --
-- What was checked before take-off
UPDATE flights SET preflight = %(preflight)s WHERE flight_id = %(flight_id)s;

-- write_elevation --
-- How high the take-off point lies
UPDATE flights SET take_off_elevation_m = %(take_off_elevation_m)s WHERE flight_id = %(flight_id)s;

-- batteries_of --
-- Which batteries it used
SELECT battery_id FROM flight_batteries WHERE flight_id = %(flight_id)s ORDER BY battery_id;

-- remove_batteries --
-- None of those that were named before
DELETE FROM flight_batteries WHERE flight_id = %(flight_id)s;

-- write_batteries --
-- Those that are named now
INSERT INTO flight_batteries (flight_id, battery_id)
SELECT %(flight_id)s, named FROM unnest(%(battery_ids)s::uuid[]) AS named;

-- set_state --
-- It is closed, or open again
UPDATE flights SET state = %(state)s, closed_at = %(closed_at)s WHERE flight_id = %(flight_id)s;

-- bump --
-- Another version of it
UPDATE flights SET version = version + 1, updated_at = %(now)s WHERE flight_id = %(flight_id)s;

-- write_history --
-- A row of its log's history
INSERT INTO flight_history (flight_id, at, actor, action, changed, reason)
VALUES (%(flight_id)s, %(now)s, %(by)s, %(action)s, %(changed)s, %(reason)s);

-- tell --
-- The authority was told of it
INSERT INTO urgent_notices (flight_id, told_at, told_to, register_number, written_at, written_by)
VALUES (%(flight_id)s, %(told_at)s, %(told_to)s, %(register_number)s, %(now)s, %(by)s)
ON CONFLICT (flight_id) DO NOTHING;

-- untold --
-- Urgent flights of which the authority was not told yet, the oldest first
SELECT flights.flight_id, flights.take_off_at, flights.pilot
FROM flights
LEFT JOIN urgent_notices USING (flight_id)
WHERE flights.urgent_reason IS NOT NULL AND flights.authorisation_id IS NULL AND flights.take_off_at IS NOT NULL
    AND urgent_notices.flight_id IS NULL
ORDER BY flights.take_off_at
LIMIT 100;

-- first_flight --
-- When a camera was first carried under this law
SELECT min(take_off_at) FROM flights WHERE legal_regime = 'lo_7_2021';

-- add_report --
-- A report was sent
INSERT INTO use_reports (report_id, covers_from, covers_to, flights, sent_at, sent_to, register_number, written_at,
                         written_by)
VALUES (%(report_id)s, %(covers_from)s, %(covers_to)s, %(flights)s, %(sent_at)s, %(sent_to)s, %(register_number)s,
        %(now)s, %(by)s);

-- reports --
-- Reports that were sent, the newest first
SELECT report_id, covers_from, covers_to, flights, sent_at, sent_to, register_number, written_at, written_by
FROM use_reports
ORDER BY covers_to DESC, report_id DESC
LIMIT %(limit)s;

-- open_logs --
-- Flights that landed some time ago and whose log is not closed, the oldest first
SELECT flight_id, landed_at, pilot FROM flights
WHERE state <> 'closed' AND landed_at IS NOT NULL AND landed_at < %(before)s
ORDER BY landed_at
LIMIT 100;
