-- What the law asks of drone flights: geozones and the replay against them, aircraft and batteries, permissions, papers.

ALTER TABLE flights ADD COLUMN take_off_elevation_m double precision;
COMMENT ON COLUMN flights.take_off_elevation_m IS 'Above mean sea level, as a person gave it; null: not known, so limits above sea level cannot be told.';

ALTER TABLE aircraft
    ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    ADD COLUMN hours_before double precision NOT NULL DEFAULT 0 CHECK (hours_before >= 0),
    ADD COLUMN note text;
COMMENT ON COLUMN aircraft.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN aircraft.hours_before IS 'Flown before this log began.';
COMMENT ON COLUMN aircraft.note IS 'In words; null: nothing.';

CREATE TABLE batteries (
    battery_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    name text NOT NULL CHECK (name <> ''),
    serial_number text,
    aircraft_id uuid REFERENCES aircraft (aircraft_id),
    cycles_before integer NOT NULL DEFAULT 0 CHECK (cycles_before >= 0),
    hours_before double precision NOT NULL DEFAULT 0 CHECK (hours_before >= 0),
    cycles_limit integer CHECK (cycles_limit > 0),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    retired_at timestamptz
);
CREATE UNIQUE INDEX batteries_serial_number ON batteries (serial_number) WHERE serial_number IS NOT NULL;
COMMENT ON TABLE batteries IS 'Batteries of the drones; their cycles and hours are counted from the flights that used them.';
COMMENT ON COLUMN batteries.battery_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN batteries.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN batteries.name IS 'What is written on it.';
COMMENT ON COLUMN batteries.serial_number IS 'Of its maker; null: not given.';
COMMENT ON COLUMN batteries.aircraft_id IS 'The aircraft that it is for; null: several.';
COMMENT ON COLUMN batteries.cycles_before IS 'Charged and used before this log began.';
COMMENT ON COLUMN batteries.hours_before IS 'In the air before this log began.';
COMMENT ON COLUMN batteries.cycles_limit IS 'After how many its maker wants it retired; null: not said.';
COMMENT ON COLUMN batteries.created_at IS 'When it was added (server).';
COMMENT ON COLUMN batteries.created_by IS 'By whom.';
COMMENT ON COLUMN batteries.retired_at IS 'From when it is not used any more (server); null: it is.';

CREATE TABLE flight_batteries (
    flight_id uuid NOT NULL REFERENCES flights (flight_id) ON DELETE CASCADE,
    battery_id uuid NOT NULL REFERENCES batteries (battery_id),
    PRIMARY KEY (flight_id, battery_id)
);
CREATE INDEX flight_batteries_by_battery ON flight_batteries (battery_id);
COMMENT ON TABLE flight_batteries IS 'Which batteries a flight used: a cycle of each.';
COMMENT ON COLUMN flight_batteries.flight_id IS 'Of which flight.';
COMMENT ON COLUMN flight_batteries.battery_id IS 'Which battery.';

CREATE TABLE aircraft_records (
    record_id uuid PRIMARY KEY,
    aircraft_id uuid NOT NULL REFERENCES aircraft (aircraft_id),
    battery_id uuid REFERENCES batteries (battery_id),
    flight_id uuid REFERENCES flights (flight_id),
    kind text NOT NULL CHECK (kind IN ('defect', 'repair', 'inspection', 'configuration')),
    found_at timestamptz NOT NULL,
    what text NOT NULL CHECK (what <> ''),
    grounds boolean NOT NULL DEFAULT false,
    added_at timestamptz NOT NULL,
    added_by text NOT NULL,
    settled_at timestamptz,
    settled_by text,
    settled_how text,
    CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
    CHECK (kind = 'defect' OR NOT grounds)
);
CREATE INDEX aircraft_records_of ON aircraft_records (aircraft_id, found_at DESC);
COMMENT ON TABLE aircraft_records IS 'Defects, repairs, inspections and changes of configuration of aircraft (UAS.SPEC.050(1)(g)).';
COMMENT ON COLUMN aircraft_records.record_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN aircraft_records.aircraft_id IS 'Of which aircraft.';
COMMENT ON COLUMN aircraft_records.battery_id IS 'Of which battery of it; null: of the aircraft itself.';
COMMENT ON COLUMN aircraft_records.flight_id IS 'In which flight it was found; null: in none.';
COMMENT ON COLUMN aircraft_records.kind IS 'defect, repair, inspection or configuration.';
COMMENT ON COLUMN aircraft_records.found_at IS 'When it was found or done, as a person gave it.';
COMMENT ON COLUMN aircraft_records.what IS 'In words.';
COMMENT ON COLUMN aircraft_records.grounds IS 'A defect with which it must not fly.';
COMMENT ON COLUMN aircraft_records.added_at IS 'When it was written (server).';
COMMENT ON COLUMN aircraft_records.added_by IS 'By whom.';
COMMENT ON COLUMN aircraft_records.settled_at IS 'When a defect was mended (server); null: it is open, or is none.';
COMMENT ON COLUMN aircraft_records.settled_by IS 'Who said so.';
COMMENT ON COLUMN aircraft_records.settled_how IS 'How, in words.';

CREATE TABLE authorisation_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    authorisation_id uuid NOT NULL REFERENCES authorisations (authorisation_id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL CHECK (action IN ('add', 'extend', 'revoke')),
    reason text
);
CREATE INDEX authorisation_history_of ON authorisation_history (authorisation_id, history_id);
CREATE TRIGGER authorisation_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON authorisation_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE UNIQUE INDEX authorisations_extended_once ON authorisations (extension_of) WHERE extension_of IS NOT NULL;
COMMENT ON TABLE authorisation_history IS 'Who added, extended or revoked a permission; rows are only added.';
COMMENT ON COLUMN authorisation_history.history_id IS 'Order of the rows.';
COMMENT ON COLUMN authorisation_history.authorisation_id IS 'Which permission.';
COMMENT ON COLUMN authorisation_history.at IS 'When (server).';
COMMENT ON COLUMN authorisation_history.actor IS 'User name.';
COMMENT ON COLUMN authorisation_history.action IS 'add, extend or revoke.';
COMMENT ON COLUMN authorisation_history.reason IS 'Why, as given.';

CREATE TABLE urgent_notices (
    flight_id uuid PRIMARY KEY REFERENCES flights (flight_id),
    told_at timestamptz NOT NULL,
    told_to text NOT NULL CHECK (told_to <> ''),
    register_number text,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL
);
COMMENT ON TABLE urgent_notices IS 'That the authority was told of an urgent flight within 24 hours (LO 7/2021 art. 17).';
COMMENT ON COLUMN urgent_notices.flight_id IS 'Of which flight.';
COMMENT ON COLUMN urgent_notices.told_at IS 'When it was told, as a person gave it.';
COMMENT ON COLUMN urgent_notices.told_to IS 'Whom.';
COMMENT ON COLUMN urgent_notices.register_number IS 'Under which number it left; null: not given.';
COMMENT ON COLUMN urgent_notices.written_at IS 'When that was entered (server).';
COMMENT ON COLUMN urgent_notices.written_by IS 'By whom.';

CREATE TABLE use_reports (
    report_id uuid PRIMARY KEY,
    covers_from date NOT NULL,
    covers_to date NOT NULL,
    flights integer NOT NULL CHECK (flights >= 0),
    sent_at timestamptz NOT NULL,
    sent_to text NOT NULL CHECK (sent_to <> ''),
    register_number text,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL,
    CHECK (covers_from <= covers_to)
);
CREATE INDEX use_reports_newest ON use_reports (covers_to DESC);
COMMENT ON TABLE use_reports IS 'Reports of the use of mobile cameras that were sent to the Commission each fortnight (LO 4/1997 art. 5).';
COMMENT ON COLUMN use_reports.report_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN use_reports.covers_from IS 'First day, of the town.';
COMMENT ON COLUMN use_reports.covers_to IS 'Last day, of the town.';
COMMENT ON COLUMN use_reports.flights IS 'How many flights it names.';
COMMENT ON COLUMN use_reports.sent_at IS 'When it was sent, as a person gave it.';
COMMENT ON COLUMN use_reports.sent_to IS 'To whom.';
COMMENT ON COLUMN use_reports.register_number IS 'Under which number it left; null: not given.';
COMMENT ON COLUMN use_reports.written_at IS 'When that was entered (server).';
COMMENT ON COLUMN use_reports.written_by IS 'By whom.';

CREATE TABLE geozone_datasets (
    dataset_id uuid PRIMARY KEY,
    source text NOT NULL CHECK (source <> ''),
    version integer NOT NULL CHECK (version >= 1),
    dialect text NOT NULL CHECK (dialect IN ('ed269_zone_list', 'ed269_features', 'ed318')),
    title text,
    issued_at timestamptz,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    zones integer NOT NULL CHECK (zones >= 1),
    doubts jsonb NOT NULL DEFAULT '[]',
    imported_at timestamptz NOT NULL,
    imported_by text NOT NULL,
    replaced_at timestamptz,
    UNIQUE (source, version)
);
CREATE UNIQUE INDEX geozone_datasets_present ON geozone_datasets (source) WHERE replaced_at IS NULL;
COMMENT ON TABLE geozone_datasets IS 'Files of UAS geographical zones as they were taken in; a newer one of the same source replaces the older, which stays.';
COMMENT ON COLUMN geozone_datasets.dataset_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN geozone_datasets.source IS 'Who publishes it, as a person named it.';
COMMENT ON COLUMN geozone_datasets.version IS 'Counts the files of this source, from 1.';
COMMENT ON COLUMN geozone_datasets.dialect IS 'ed269_zone_list, ed269_features or ed318.';
COMMENT ON COLUMN geozone_datasets.title IS 'As the file calls itself; null: it does not.';
COMMENT ON COLUMN geozone_datasets.issued_at IS 'When its publisher made it, as the file says; null: it does not.';
COMMENT ON COLUMN geozone_datasets.sha256 IS 'Of the file.';
COMMENT ON COLUMN geozone_datasets.zones IS 'How many it holds.';
COMMENT ON COLUMN geozone_datasets.doubts IS 'Codes of how the whole file was read against its format.';
COMMENT ON COLUMN geozone_datasets.imported_at IS 'When it was taken in (server).';
COMMENT ON COLUMN geozone_datasets.imported_by IS 'By whom.';
COMMENT ON COLUMN geozone_datasets.replaced_at IS 'When a newer one took its place (server); null: it is the present one.';

CREATE TABLE geozones (
    geozone_id uuid PRIMARY KEY,
    dataset_id uuid NOT NULL REFERENCES geozone_datasets (dataset_id),
    identifier text NOT NULL,
    country text NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('PROHIBITED', 'REQ_AUTHORISATION', 'CONDITIONAL', 'NO_RESTRICTION', 'USPACE', 'UNKNOWN')),
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    search text NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX geozones_of ON geozones (dataset_id, identifier, geozone_id);
CREATE INDEX geozones_by_place ON geozones USING gist (box(point(west, south), point(east, north)));
COMMENT ON TABLE geozones IS 'The zones of the datasets.';
COMMENT ON COLUMN geozones.geozone_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN geozones.dataset_id IS 'Of which dataset.';
COMMENT ON COLUMN geozones.identifier IS 'As its authority calls it; files use one for several zones.';
COMMENT ON COLUMN geozones.country IS 'As the file has it.';
COMMENT ON COLUMN geozones.kind IS 'What it asks of a flight.';
COMMENT ON COLUMN geozones.west IS 'Degrees, WGS 84: of all its volumes.';
COMMENT ON COLUMN geozones.south IS 'Degrees.';
COMMENT ON COLUMN geozones.east IS 'Degrees.';
COMMENT ON COLUMN geozones.north IS 'Degrees.';
COMMENT ON COLUMN geozones.search IS 'Identifier and names in small letters, to be looked through.';
COMMENT ON COLUMN geozones.document IS 'The whole zone (control_room.geozones.zone.Geozone).';

CREATE TABLE flight_checks (
    flight_id uuid PRIMARY KEY REFERENCES flights (flight_id) ON DELETE CASCADE,
    inputs text NOT NULL,
    computed_at timestamptz NOT NULL,
    result jsonb NOT NULL
);
COMMENT ON TABLE flight_checks IS 'What the replay of a flight against geozones, heights, sight, daylight and permission found.';
COMMENT ON COLUMN flight_checks.flight_id IS 'Of which flight.';
COMMENT ON COLUMN flight_checks.inputs IS 'Fingerprint of what it was made from; another one: it is made again.';
COMMENT ON COLUMN flight_checks.computed_at IS 'When (server).';
COMMENT ON COLUMN flight_checks.result IS 'control_room.flight_log.checks.Result.';
