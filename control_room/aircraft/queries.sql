-- add --
-- An aircraft
INSERT INTO aircraft (aircraft_id, name, make, model, serial_number, eu_class, remote_id, camera_model, calibration,
                      hours_before, note, created_at, created_by)
VALUES (%(aircraft_id)s, %(name)s, %(make)s, %(model)s, %(serial_number)s, %(eu_class)s, %(remote_id)s,
        %(camera_model)s, %(calibration)s, %(hours_before)s, %(note)s, %(now)s, %(by)s);

-- change --
-- What it is called and is, where nobody changed it meanwhile
UPDATE aircraft SET name = %(name)s, make = %(make)s, model = %(model)s, serial_number = %(serial_number)s,
    eu_class = %(eu_class)s, remote_id = %(remote_id)s, camera_model = %(camera_model)s,
    calibration = %(calibration)s, hours_before = %(hours_before)s, note = %(note)s, version = version + 1,
    retired_at = CASE WHEN %(retired)s THEN coalesce(retired_at, %(now)s) END
WHERE aircraft_id = %(aircraft_id)s AND version = %(version)s;

-- items --
-- Aircraft with what they have flown, those in use first
SELECT aircraft.aircraft_id, aircraft.version, aircraft.name, aircraft.make, aircraft.model, aircraft.serial_number,
    aircraft.eu_class, aircraft.remote_id, aircraft.camera_model, aircraft.calibration, aircraft.hours_before, aircraft.note,
    aircraft.created_at, aircraft.created_by, aircraft.retired_at,
    flown.flights, flown.last_at,
    aircraft.hours_before + flown.seconds / 3600.0 AS hours,
    defects.open_defects, coalesce(defects.grounded, false) AS grounded
FROM aircraft
CROSS JOIN LATERAL (
    SELECT count(*) AS flights, max(take_off_at) AS last_at,
        coalesce(sum(extract(epoch FROM landed_at - take_off_at)), 0)::float AS seconds
    FROM flights WHERE flights.aircraft_id = aircraft.aircraft_id AND take_off_at IS NOT NULL
) AS flown
CROSS JOIN LATERAL (
    SELECT count(*) AS open_defects, bool_or(grounds) AS grounded
    FROM aircraft_records
    WHERE aircraft_records.aircraft_id = aircraft.aircraft_id AND kind = 'defect' AND settled_at IS NULL
) AS defects
WHERE (%(aircraft_id)s::uuid IS NULL OR aircraft.aircraft_id = %(aircraft_id)s)
    AND (%(retired)s::boolean IS NULL OR %(retired)s = (aircraft.retired_at IS NOT NULL))
ORDER BY aircraft.retired_at IS NOT NULL, aircraft.name, aircraft.aircraft_id
LIMIT %(limit)s;

-- add_battery --
-- A battery
INSERT INTO batteries (battery_id, name, serial_number, aircraft_id, cycles_before, hours_before, cycles_limit,
                       created_at, created_by)
VALUES (%(battery_id)s, %(name)s, %(serial_number)s, %(aircraft_id)s, %(cycles_before)s, %(hours_before)s,
        %(cycles_limit)s, %(now)s, %(by)s);

-- change_battery --
-- What it is, where nobody changed it meanwhile
UPDATE batteries SET name = %(name)s, serial_number = %(serial_number)s, aircraft_id = %(aircraft_id)s,
    cycles_before = %(cycles_before)s, hours_before = %(hours_before)s, cycles_limit = %(cycles_limit)s,
    version = version + 1, retired_at = CASE WHEN %(retired)s THEN coalesce(retired_at, %(now)s) END
WHERE battery_id = %(battery_id)s AND version = %(version)s;

-- batteries --
-- Batteries with their cycles and hours, those in use first
SELECT batteries.battery_id, batteries.version, batteries.name, batteries.serial_number, batteries.aircraft_id,
    aircraft.name AS aircraft_name, batteries.cycles_before, batteries.hours_before, batteries.cycles_limit,
    batteries.created_at, batteries.created_by, batteries.retired_at,
    batteries.cycles_before + used.flights AS cycles, batteries.hours_before + used.seconds / 3600.0 AS hours,
    used.last_at
FROM batteries
LEFT JOIN aircraft USING (aircraft_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS flights, max(take_off_at) AS last_at,
        coalesce(sum(extract(epoch FROM landed_at - take_off_at)), 0)::float AS seconds
    FROM flight_batteries JOIN flights USING (flight_id)
    WHERE flight_batteries.battery_id = batteries.battery_id
) AS used
WHERE (%(battery_id)s::uuid IS NULL OR batteries.battery_id = %(battery_id)s)
    AND (%(aircraft_id)s::uuid IS NULL OR batteries.aircraft_id = %(aircraft_id)s OR batteries.aircraft_id IS NULL)
    AND (%(retired)s::boolean IS NULL OR %(retired)s = (batteries.retired_at IS NOT NULL))
ORDER BY batteries.retired_at IS NOT NULL, batteries.name, batteries.battery_id
LIMIT %(limit)s;

-- add_record --
-- A defect, repair, inspection or change of configuration
INSERT INTO aircraft_records (record_id, aircraft_id, battery_id, flight_id, kind, found_at, what, grounds, added_at,
                              added_by)
VALUES (%(record_id)s, %(aircraft_id)s, %(battery_id)s, %(flight_id)s, %(kind)s, %(found_at)s, %(what)s, %(grounds)s,
        %(now)s, %(by)s);

-- settle --
-- A defect is mended
UPDATE aircraft_records SET settled_at = %(now)s, settled_by = %(by)s, settled_how = %(how)s
WHERE record_id = %(record_id)s AND aircraft_id = %(aircraft_id)s AND kind = 'defect' AND settled_at IS NULL;

-- records --
-- What was written of an aircraft, the newest first
SELECT record_id, aircraft_records.aircraft_id, battery_id, batteries.name AS battery_name, flight_id, kind, found_at, what, grounds,
    added_at, added_by, settled_at, settled_by, settled_how
FROM aircraft_records
LEFT JOIN batteries USING (battery_id)
WHERE (%(record_id)s::uuid IS NULL OR record_id = %(record_id)s)
    AND aircraft_records.aircraft_id = %(aircraft_id)s
    AND (%(before)s::uuid IS NULL OR record_id < %(before)s)
ORDER BY record_id DESC
LIMIT %(limit)s;
