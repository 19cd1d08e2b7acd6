-- Drone flights: who flew what under which permission, what came back from the card, and what was found in it.

CREATE TABLE aircraft (
    aircraft_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    make text,
    model text,
    serial_number text,
    eu_class text,
    remote_id text,
    camera_model text,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    retired_at timestamptz
);
CREATE UNIQUE INDEX aircraft_serial_number ON aircraft (serial_number) WHERE serial_number IS NOT NULL;
COMMENT ON TABLE aircraft IS 'Drones of the unit.';
COMMENT ON COLUMN aircraft.aircraft_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN aircraft.name IS 'What people call it.';
COMMENT ON COLUMN aircraft.make IS 'Maker, as its files write it; null: not given.';
COMMENT ON COLUMN aircraft.model IS 'Model, as its files write it.';
COMMENT ON COLUMN aircraft.serial_number IS 'Of the airframe.';
COMMENT ON COLUMN aircraft.eu_class IS 'C0 to C6, or legacy (Regulation (EU) 2019/945); null: not given.';
COMMENT ON COLUMN aircraft.remote_id IS 'What it broadcasts as itself; null: nothing, or not given.';
COMMENT ON COLUMN aircraft.camera_model IS 'Its camera, as vision.georeference.cameras names it; null: told by each file.';
COMMENT ON COLUMN aircraft.created_at IS 'When it was added (server).';
COMMENT ON COLUMN aircraft.created_by IS 'By whom.';
COMMENT ON COLUMN aircraft.retired_at IS 'From when it is not flown any more (server); null: it is.';

CREATE TABLE authorisations (
    authorisation_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('fixed', 'mobile')),
    authority text NOT NULL CHECK (authority <> ''),
    reference text NOT NULL CHECK (reference <> ''),
    purpose text NOT NULL CHECK (purpose <> ''),
    legal_regime text NOT NULL CHECK (legal_regime IN ('lo_7_2021', 'gdpr')),
    conditions text,
    area jsonb,
    audio_allowed boolean NOT NULL DEFAULT false,
    dpia_reference text,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    extension_of uuid REFERENCES authorisations (authorisation_id),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamptz,
    CHECK (valid_from < valid_to)
);
CREATE INDEX authorisations_by_end ON authorisations (valid_to);
COMMENT ON TABLE authorisations IS 'Permissions under which a camera or a flight records (LO 7/2021 arts. 16 and 17).';
COMMENT ON COLUMN authorisations.authorisation_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN authorisations.kind IS 'fixed: cameras that stay (art. 16); mobile: drones and what is carried (art. 17).';
COMMENT ON COLUMN authorisations.authority IS 'Who gave it.';
COMMENT ON COLUMN authorisations.reference IS 'Its number with that authority.';
COMMENT ON COLUMN authorisations.purpose IS 'For what.';
COMMENT ON COLUMN authorisations.legal_regime IS 'lo_7_2021 or gdpr.';
COMMENT ON COLUMN authorisations.conditions IS 'Limits in words; null: none were set.';
COMMENT ON COLUMN authorisations.area IS 'GeoJSON Polygon or MultiPolygon where it holds; null: the whole town.';
COMMENT ON COLUMN authorisations.audio_allowed IS 'Sound may be recorded.';
COMMENT ON COLUMN authorisations.dpia_reference IS 'The impact assessment that it rests on; null: not given.';
COMMENT ON COLUMN authorisations.valid_from IS 'From when.';
COMMENT ON COLUMN authorisations.valid_to IS 'Until when.';
COMMENT ON COLUMN authorisations.extension_of IS 'The one that it prolongs; null: none.';
COMMENT ON COLUMN authorisations.created_at IS 'When it was entered (server).';
COMMENT ON COLUMN authorisations.created_by IS 'By whom.';
COMMENT ON COLUMN authorisations.revoked_at IS 'From when it does not hold any more before its end; null: it was not taken back.';

CREATE TABLE flights (
    flight_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'flown', 'closed')),
    pilot text NOT NULL,
    observer text,
    aircraft_id uuid REFERENCES aircraft (aircraft_id),
    authorisation_id uuid REFERENCES authorisations (authorisation_id),
    urgent_reason text,
    purpose text,
    legal_regime text NOT NULL DEFAULT 'lo_7_2021' CHECK (legal_regime IN ('lo_7_2021', 'gdpr')),
    pixelated boolean NOT NULL DEFAULT true,
    risk_assessment text,
    preflight jsonb NOT NULL DEFAULT '{}',
    weather text,
    occurrences text,
    line_of_sight boolean,
    take_off_at timestamptz,
    landed_at timestamptz,
    take_off_lat double precision CHECK (take_off_lat BETWEEN -90 AND 90),
    take_off_lon double precision CHECK (take_off_lon BETWEEN -180 AND 180),
    landing_lat double precision CHECK (landing_lat BETWEEN -90 AND 90),
    landing_lon double precision CHECK (landing_lon BETWEEN -180 AND 180),
    greatest_height_m double precision,
    length_m double precision CHECK (length_m >= 0),
    times_from text CHECK (times_from IN ('telemetry', 'pilot')),
    doubts jsonb NOT NULL DEFAULT '[]',
    track jsonb,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    closed_at timestamptz,
    CHECK ((take_off_lat IS NULL) = (take_off_lon IS NULL)),
    CHECK ((landing_lat IS NULL) = (landing_lon IS NULL)),
    CHECK (take_off_at <= landed_at),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX flights_newest ON flights (coalesce(take_off_at, created_at) DESC, flight_id DESC);
CREATE INDEX flights_by_pilot ON flights (pilot, coalesce(take_off_at, created_at) DESC);
COMMENT ON TABLE flights IS 'Sorties of drones: the log that is kept three years (UAS.SPEC.050), and what footage and findings belong to.';
COMMENT ON COLUMN flights.flight_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN flights.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN flights.state IS 'draft: planned, or proposed from a card; flown: its pilot said so; closed: its log is complete and changes no more but by reopening.';
COMMENT ON COLUMN flights.pilot IS 'User name of who flew.';
COMMENT ON COLUMN flights.observer IS 'Who watched the air beside the pilot; null: nobody.';
COMMENT ON COLUMN flights.aircraft_id IS 'With what; null: not said yet.';
COMMENT ON COLUMN flights.authorisation_id IS 'Under which permission; null: not said yet, or urgent.';
COMMENT ON COLUMN flights.urgent_reason IS 'Why it could not wait for one (LO 7/2021 art. 17: told within 24 h); null: it is not urgent.';
COMMENT ON COLUMN flights.purpose IS 'For what.';
COMMENT ON COLUMN flights.legal_regime IS 'lo_7_2021 or gdpr.';
COMMENT ON COLUMN flights.pixelated IS 'People in pictures made from its footage are pixelated unless a role and a reason say otherwise.';
COMMENT ON COLUMN flights.risk_assessment IS 'Reference or text (RD 517/2024 art. 17); null: missing.';
COMMENT ON COLUMN flights.preflight IS 'Items of the check before take-off and whether each was done.';
COMMENT ON COLUMN flights.weather IS 'In words.';
COMMENT ON COLUMN flights.occurrences IS 'What went wrong, in words; null: not said.';
COMMENT ON COLUMN flights.line_of_sight IS 'Flown within sight, as the pilot says; null: not said.';
COMMENT ON COLUMN flights.take_off_at IS 'First moment in the air (drone or pilot; see times_from).';
COMMENT ON COLUMN flights.landed_at IS 'Last one.';
COMMENT ON COLUMN flights.take_off_lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.take_off_lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.landing_lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.landing_lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN flights.greatest_height_m IS 'Above take-off.';
COMMENT ON COLUMN flights.length_m IS 'Of the track over ground.';
COMMENT ON COLUMN flights.times_from IS 'telemetry, or pilot where a person wrote or corrected them; null: not known.';
COMMENT ON COLUMN flights.doubts IS 'What is doubtful about times, places and pairs of files: a list of codes with values.';
COMMENT ON COLUMN flights.track IS 'Simplified for the map: a list of [time_utc, lon, lat, height above take-off in metres]; null: no telemetry.';
COMMENT ON COLUMN flights.created_at IS 'When it was entered (server).';
COMMENT ON COLUMN flights.created_by IS 'By whom.';
COMMENT ON COLUMN flights.updated_at IS 'When this row last changed (server).';
COMMENT ON COLUMN flights.closed_at IS 'When its log was closed (server).';

CREATE TABLE flight_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    changed jsonb,
    reason text
);
CREATE INDEX flight_history_of ON flight_history (flight_id, history_id);
CREATE TRIGGER flight_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON flight_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE flight_history IS 'Who wrote what into the log; rows are only added.';
COMMENT ON COLUMN flight_history.history_id IS 'Order of the rows.';
COMMENT ON COLUMN flight_history.flight_id IS 'Of which flight.';
COMMENT ON COLUMN flight_history.at IS 'When (server).';
COMMENT ON COLUMN flight_history.actor IS 'User name, or room.';
COMMENT ON COLUMN flight_history.action IS 'What was done, such as correct, close, reopen.';
COMMENT ON COLUMN flight_history.changed IS 'Columns that changed, each [before, after]; null: none.';
COMMENT ON COLUMN flight_history.reason IS 'Why, as given.';

CREATE TABLE footage (
    footage_id uuid PRIMARY KEY,
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    upload_id uuid,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    name text NOT NULL,
    folder text NOT NULL DEFAULT '',
    media_type text,
    kind text NOT NULL CHECK (kind IN ('video', 'telemetry', 'still', 'proxy', 'other')),
    lens text CHECK (lens IN ('wide', 'zoom', 'thermal')),
    recording text,
    part integer CHECK (part >= 1),
    belongs_to uuid REFERENCES footage (footage_id),
    state text NOT NULL CHECK (state IN ('awaited', 'ready', 'refused', 'erased')),
    reason text,
    probe jsonb,
    captured_from timestamptz,
    captured_to timestamptz,
    duration_s double precision CHECK (duration_s >= 0),
    width_px integer CHECK (width_px > 0),
    height_px integer CHECK (height_px > 0),
    telemetry jsonb,
    sync_offset_s double precision,
    sync_quality double precision CHECK (sync_quality BETWEEN 0 AND 1),
    created_at timestamptz NOT NULL,
    received_at timestamptz,
    erased_at timestamptz,
    CHECK (state NOT IN ('ready', 'erased') OR sha256 IS NOT NULL),
    CHECK ((state = 'erased') = (erased_at IS NOT NULL))
);
CREATE INDEX footage_by_flight ON footage (flight_id, captured_from);
CREATE INDEX footage_by_sha256 ON footage (sha256);
CREATE INDEX footage_by_upload ON footage (upload_id) WHERE upload_id IS NOT NULL;
CREATE INDEX footage_by_age ON footage (coalesce(captured_to, received_at)) WHERE state = 'ready';
COMMENT ON TABLE footage IS 'Files of a flight, originals as they came from the card and what was made small of them beforehand. Never changed; erased when their time is over.';
COMMENT ON COLUMN footage.footage_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN footage.flight_id IS 'Of which flight.';
COMMENT ON COLUMN footage.upload_id IS 'By which upload it comes or came; null: not begun.';
COMMENT ON COLUMN footage.sha256 IS 'Of the whole file; also its name in the store. Of an awaited one what its sender says, or null.';
COMMENT ON COLUMN footage.bytes IS 'Size of the whole file.';
COMMENT ON COLUMN footage.name IS 'What the card called it, never a path.';
COMMENT ON COLUMN footage.folder IS 'In which folder of the card, for people; never used as a path.';
COMMENT ON COLUMN footage.media_type IS 'As it was found to be; null until looked into.';
COMMENT ON COLUMN footage.kind IS 'video, telemetry (a file of its own), still, proxy (a small copy of a video that the drone made), other.';
COMMENT ON COLUMN footage.lens IS 'wide, zoom or thermal, where one moment was taken by several; null: one lens.';
COMMENT ON COLUMN footage.recording IS 'Name of the recording that it is a piece of or belongs to, unique within the flight; null: by itself.';
COMMENT ON COLUMN footage.part IS 'Which piece of a split recording, from 1; null: it is whole.';
COMMENT ON COLUMN footage.belongs_to IS 'The video that a telemetry file or proxy is of; null: none, or not found yet.';
COMMENT ON COLUMN footage.state IS 'awaited: not whole or not looked into yet (quarantine); ready; refused: reason says why, nothing was kept; erased.';
COMMENT ON COLUMN footage.reason IS 'Why it was refused; null otherwise.';
COMMENT ON COLUMN footage.probe IS 'What was found in it (control_room.probing.result.Found).';
COMMENT ON COLUMN footage.captured_from IS 'Its first picture or row (drone); null: not known.';
COMMENT ON COLUMN footage.captured_to IS 'Its last one.';
COMMENT ON COLUMN footage.duration_s IS 'Of a video.';
COMMENT ON COLUMN footage.width_px IS 'Of its pictures.';
COMMENT ON COLUMN footage.height_px IS 'Of its pictures.';
COMMENT ON COLUMN footage.telemetry IS 'What its telemetry is: format, rows, skipped, first words of what was doubtful; null: it has none.';
COMMENT ON COLUMN footage.sync_offset_s IS 'Seconds by which its telemetry is moved to fit its picture; null: not estimated.';
COMMENT ON COLUMN footage.sync_quality IS 'How sure that is, 0..1 (vision.telemetry.synchronise).';
COMMENT ON COLUMN footage.created_at IS 'When it was named first (server).';
COMMENT ON COLUMN footage.received_at IS 'When the whole was in the store (server); null: not yet.';
COMMENT ON COLUMN footage.erased_at IS 'When its file was erased (server); null: it is there, or never came.';

CREATE TABLE telemetry_samples (
    footage_id uuid NOT NULL,
    at timestamptz NOT NULL,
    row integer NOT NULL,
    time_s double precision,
    lat double precision,
    lon double precision,
    rel_alt_m double precision,
    abs_alt_m double precision,
    gimbal_yaw_deg double precision,
    gimbal_pitch_deg double precision,
    gimbal_roll_deg double precision,
    focal_length_mm double precision,
    zoom double precision,
    notes jsonb,
    PRIMARY KEY (footage_id, row, at)
);
COMMENT ON TABLE telemetry_samples IS 'Where the aircraft and its camera were, moment by moment (vision.telemetry.sample); a hypertable on at.';
COMMENT ON COLUMN telemetry_samples.footage_id IS 'The file that says so: the video, also where a file beside it does. No foreign key: see device_metrics.';
COMMENT ON COLUMN telemetry_samples.at IS 'When (the drone''s clock; where that is unknown or impossible, the receipt plus time_s).';
COMMENT ON COLUMN telemetry_samples.row IS 'Which row of the telemetry, from 1.';
COMMENT ON COLUMN telemetry_samples.time_s IS 'Seconds from the video''s first picture.';
COMMENT ON COLUMN telemetry_samples.lat IS 'Degrees, WGS 84.';
COMMENT ON COLUMN telemetry_samples.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN telemetry_samples.rel_alt_m IS 'Above take-off.';
COMMENT ON COLUMN telemetry_samples.abs_alt_m IS 'Above the file''s own datum.';
COMMENT ON COLUMN telemetry_samples.gimbal_yaw_deg IS 'From true north, clockwise.';
COMMENT ON COLUMN telemetry_samples.gimbal_pitch_deg IS '0 at the horizon, -90 straight down.';
COMMENT ON COLUMN telemetry_samples.gimbal_roll_deg IS 'Clockwise.';
COMMENT ON COLUMN telemetry_samples.focal_length_mm IS 'As the file has it.';
COMMENT ON COLUMN telemetry_samples.zoom IS 'Digital zoom, 1 is none.';
COMMENT ON COLUMN telemetry_samples.notes IS 'What is doubtful about the row; null: nothing.';

CREATE TABLE analyses (
    analysis_id uuid PRIMARY KEY,
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    state text NOT NULL CHECK (state IN ('queued', 'running', 'cancelled', 'failed', 'done')),
    stage text,
    progress double precision NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    began_at timestamptz,
    beat_at timestamptz,
    ended_at timestamptz,
    cancelled_by text,
    error text,
    summary jsonb,
    model jsonb,
    CHECK ((state IN ('cancelled', 'failed', 'done')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX analyses_under_way ON analyses (flight_id) WHERE state IN ('queued', 'running');
CREATE INDEX analyses_by_flight ON analyses (flight_id, asked_at DESC);
COMMENT ON TABLE analyses IS 'Looks through a flight''s footage by the machine; at most one of a flight is under way.';
COMMENT ON COLUMN analyses.analysis_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN analyses.flight_id IS 'Of which flight.';
COMMENT ON COLUMN analyses.state IS 'queued, running, cancelled, failed (error says why), done.';
COMMENT ON COLUMN analyses.stage IS 'What it is at; null before it began.';
COMMENT ON COLUMN analyses.progress IS '0..1 of the whole.';
COMMENT ON COLUMN analyses.attempts IS 'How often a worker took it up.';
COMMENT ON COLUMN analyses.asked_at IS 'When it was asked for (server).';
COMMENT ON COLUMN analyses.asked_by IS 'User name, or room.';
COMMENT ON COLUMN analyses.began_at IS 'When a worker first took it up (server).';
COMMENT ON COLUMN analyses.beat_at IS 'Last sign of life of the worker (server).';
COMMENT ON COLUMN analyses.ended_at IS 'When it ended (server).';
COMMENT ON COLUMN analyses.cancelled_by IS 'Who stopped it.';
COMMENT ON COLUMN analyses.error IS 'Why it failed, one line.';
COMMENT ON COLUMN analyses.summary IS 'What was looked at, counted, refused and skipped; people and vehicles are numbers only.';
COMMENT ON COLUMN analyses.model IS 'Name and sha256 of the detection model.';

CREATE TABLE analysis_spans (
    analysis_id uuid NOT NULL REFERENCES analyses (analysis_id),
    footage_id uuid NOT NULL REFERENCES footage (footage_id),
    span integer NOT NULL CHECK (span >= 0),
    result jsonb NOT NULL,
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (analysis_id, footage_id, span)
);
COMMENT ON TABLE analysis_spans IS 'Pieces of an analysis that are done, so that a killed worker does none twice; they leave when it ends.';
COMMENT ON COLUMN analysis_spans.analysis_id IS 'Of which analysis.';
COMMENT ON COLUMN analysis_spans.footage_id IS 'Of which video or still.';
COMMENT ON COLUMN analysis_spans.span IS 'Which piece, from 0.';
COMMENT ON COLUMN analysis_spans.result IS 'What vision.footage made of it.';
COMMENT ON COLUMN analysis_spans.ended_at IS 'When (server).';

CREATE TABLE sites (
    site_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    name text NOT NULL CHECK (name <> ''),
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    ce90_m double precision NOT NULL CHECK (ce90_m >= 0),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ordered', 'cleaned', 'recurring')),
    waste_classes text[] NOT NULL DEFAULT '{}',
    land_owner text,
    note text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    cleaned_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    merged_into uuid REFERENCES sites (site_id),
    CHECK (first_seen_at <= last_seen_at)
);
CREATE INDEX sites_by_place ON sites (map_cell(lat, lon)) WHERE merged_into IS NULL;
CREATE INDEX sites_newest ON sites (last_seen_at DESC, site_id DESC) WHERE merged_into IS NULL;
COMMENT ON TABLE sites IS 'Places where dumping recurs. Of places only: nothing here is of a person.';
COMMENT ON COLUMN sites.site_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN sites.version IS 'Counts changes by people, from 1.';
COMMENT ON COLUMN sites.name IS 'What people call it; made of its place until somebody names it.';
COMMENT ON COLUMN sites.lat IS 'Degrees, WGS 84: of what was seen there, each weighed by its error.';
COMMENT ON COLUMN sites.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN sites.ce90_m IS 'Radius that holds it with 90 %.';
COMMENT ON COLUMN sites.status IS 'open; ordered: its cleaning was; cleaned; recurring: waste came again after a cleaning.';
COMMENT ON COLUMN sites.waste_classes IS 'Codes of the European Waste Catalogue (Decision 2000/532/EC), such as 20 03 07.';
COMMENT ON COLUMN sites.land_owner IS 'Whose ground, in words; null: not known.';
COMMENT ON COLUMN sites.note IS 'In words.';
COMMENT ON COLUMN sites.first_seen_at IS 'When something was first seen there (drone or camera).';
COMMENT ON COLUMN sites.last_seen_at IS 'When last.';
COMMENT ON COLUMN sites.cleaned_at IS 'When it was last said to be clean (server); null: never.';
COMMENT ON COLUMN sites.created_at IS 'When it was made (server).';
COMMENT ON COLUMN sites.created_by IS 'User name, or room.';
COMMENT ON COLUMN sites.merged_into IS 'The site that it turned out to be; null: it stands by itself.';

CREATE TABLE findings (
    finding_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    flight_id uuid NOT NULL REFERENCES flights (flight_id),
    footage_id uuid REFERENCES footage (footage_id),
    analysis_id uuid REFERENCES analyses (analysis_id),
    state text NOT NULL CHECK (state IN ('candidate', 'confirmed', 'rejected', 'merged')),
    label text NOT NULL,
    confidence double precision CHECK (confidence BETWEEN 0 AND 1),
    score double precision NOT NULL DEFAULT 0,
    reasons jsonb NOT NULL DEFAULT '[]',
    seen_at timestamptz NOT NULL,
    time_s double precision,
    box jsonb,
    looks integer NOT NULL DEFAULT 1 CHECK (looks >= 1),
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    ce90_m double precision CHECK (ce90_m >= 0),
    ellipse jsonb,
    depression_deg double precision,
    method text NOT NULL,
    picture_sha256 text CHECK (picture_sha256 ~ '^[0-9a-f]{64}$'),
    waste_class text,
    note text,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    reviewed_by text,
    reviewed_at timestamptz,
    merged_into uuid REFERENCES findings (finding_id),
    site_id uuid REFERENCES sites (site_id),
    event_id uuid,
    CHECK ((lat IS NULL) = (lon IS NULL)),
    CHECK ((lat IS NULL) = (ce90_m IS NULL)),
    CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    CHECK ((state = 'candidate') = (reviewed_at IS NULL)),
    CHECK (state <> 'confirmed' OR event_id IS NOT NULL)
);
CREATE INDEX findings_by_flight ON findings (flight_id, score DESC, finding_id);
CREATE INDEX findings_by_place ON findings (map_cell(lat, lon)) WHERE lat IS NOT NULL AND state <> 'rejected';
CREATE INDEX findings_by_site ON findings (site_id, seen_at DESC) WHERE site_id IS NOT NULL;
CREATE INDEX findings_by_picture ON findings (picture_sha256) WHERE picture_sha256 IS NOT NULL;
COMMENT ON TABLE findings IS 'Things in footage put on the ground: candidates of the machine and what people added; dumping only when a person says so.';
COMMENT ON COLUMN findings.finding_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN findings.version IS 'Counts acts of people on it, from 1.';
COMMENT ON COLUMN findings.flight_id IS 'Of which flight.';
COMMENT ON COLUMN findings.footage_id IS 'In which video or still; null: its file was never named.';
COMMENT ON COLUMN findings.analysis_id IS 'Which analysis proposed it; null: a person did.';
COMMENT ON COLUMN findings.state IS 'candidate, confirmed, rejected, or merged into another that shows the same.';
COMMENT ON COLUMN findings.label IS 'What the detector took it for, unusual, changed, or what a person wrote.';
COMMENT ON COLUMN findings.confidence IS 'Of the detector, 0..1; null: no detector named it.';
COMMENT ON COLUMN findings.score IS 'Order of the queue, the greatest first.';
COMMENT ON COLUMN findings.reasons IS 'Why it is proposed: a list of codes with values.';
COMMENT ON COLUMN findings.seen_at IS 'When it was seen best (drone).';
COMMENT ON COLUMN findings.time_s IS 'That moment in its video, seconds from the first picture; null: a still.';
COMMENT ON COLUMN findings.box IS 'Where in that picture, [x1, y1, x2, y2] in 0..1; null: a point a person gave on the map.';
COMMENT ON COLUMN findings.looks IS 'In how many pictures it was seen.';
COMMENT ON COLUMN findings.lat IS 'Degrees, WGS 84; null: method says why it has no place.';
COMMENT ON COLUMN findings.lon IS 'Degrees, WGS 84.';
COMMENT ON COLUMN findings.ce90_m IS 'Radius that holds the true place with 90 %.';
COMMENT ON COLUMN findings.ellipse IS 'Of the same 90 %: semi_major_m, semi_minor_m, bearing_deg of the major axis; null: not known.';
COMMENT ON COLUMN findings.depression_deg IS 'How steeply the camera looked down at it.';
COMMENT ON COLUMN findings.method IS 'How it was placed (vision.georeference), by hand, or why it was refused.';
COMMENT ON COLUMN findings.picture_sha256 IS 'The picture that shows it, people pixelated, in the store; null: none yet, or erased.';
COMMENT ON COLUMN findings.waste_class IS 'Code of the European Waste Catalogue; null: not said.';
COMMENT ON COLUMN findings.note IS 'In words.';
COMMENT ON COLUMN findings.added_by IS 'User name, or room.';
COMMENT ON COLUMN findings.added_at IS 'When (server).';
COMMENT ON COLUMN findings.reviewed_by IS 'Who judged it; null while a candidate.';
COMMENT ON COLUMN findings.reviewed_at IS 'When (server).';
COMMENT ON COLUMN findings.merged_into IS 'The finding that shows the same; null otherwise.';
COMMENT ON COLUMN findings.site_id IS 'The site that it belongs to; null: none.';
COMMENT ON COLUMN findings.event_id IS 'The event of rule drone_finding that it became; null unless confirmed once.';

CREATE TABLE finding_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finding_id uuid NOT NULL REFERENCES findings (finding_id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    changed jsonb,
    reason text
);
CREATE INDEX finding_history_of ON finding_history (finding_id, history_id);
CREATE TRIGGER finding_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON finding_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE finding_history IS 'Who judged, moved or merged a finding; rows are only added.';
COMMENT ON COLUMN finding_history.history_id IS 'Order of the rows.';
COMMENT ON COLUMN finding_history.finding_id IS 'Of which finding.';
COMMENT ON COLUMN finding_history.at IS 'When (server).';
COMMENT ON COLUMN finding_history.actor IS 'User name, or room.';
COMMENT ON COLUMN finding_history.action IS 'What was done, such as confirm, reject, merge, place.';
COMMENT ON COLUMN finding_history.changed IS 'Columns that changed, each [before, after]; null: none.';
COMMENT ON COLUMN finding_history.reason IS 'Why, as given.';

ALTER TABLE stream
    DROP CONSTRAINT stream_kind_check,
    ADD CONSTRAINT stream_kind_check CHECK (
        kind IN ('alert', 'camera', 'device', 'command', 'flight', 'finding', 'site', 'position'));
COMMENT ON COLUMN stream.kind IS 'alert, camera, device, command, flight, finding, site or position.';
