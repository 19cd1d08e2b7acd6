-- Homes: footprints of buildings, painted over in whatever is made of a flight's pictures.

CREATE TABLE building_sets (
    building_set_id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT building_sets_name UNIQUE,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    buildings integer NOT NULL CHECK (buildings > 0),
    south double precision NOT NULL,
    west double precision NOT NULL,
    north double precision NOT NULL,
    east double precision NOT NULL,
    added_at timestamptz NOT NULL,
    added_by text NOT NULL
);
COMMENT ON TABLE building_sets IS 'Files of building footprints, each by a name under which a newer one takes its place.';
COMMENT ON COLUMN building_sets.building_set_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN building_sets.name IS 'As the administrator calls it, such as the land register.';
COMMENT ON COLUMN building_sets.sha256 IS 'Of the file as it came; the file itself is not kept.';
COMMENT ON COLUMN building_sets.buildings IS 'How many areas are in it.';
COMMENT ON COLUMN building_sets.south IS 'Degrees, WGS 84, of all of them; likewise west, north, east.';
COMMENT ON COLUMN building_sets.west IS 'Degrees.';
COMMENT ON COLUMN building_sets.north IS 'Degrees.';
COMMENT ON COLUMN building_sets.east IS 'Degrees.';
COMMENT ON COLUMN building_sets.added_at IS 'When it was taken in (server).';
COMMENT ON COLUMN building_sets.added_by IS 'By whom.';

CREATE TABLE buildings (
    building_set_id uuid NOT NULL REFERENCES building_sets (building_set_id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number >= 0),
    south double precision NOT NULL,
    west double precision NOT NULL,
    north double precision NOT NULL,
    east double precision NOT NULL,
    roof_m double precision NOT NULL CHECK (roof_m >= 0),
    rings jsonb NOT NULL,
    PRIMARY KEY (building_set_id, number)
);
CREATE INDEX buildings_by_place ON buildings (south, west);
COMMENT ON TABLE buildings IS 'Footprints of buildings.';
COMMENT ON COLUMN buildings.building_set_id IS 'From which file.';
COMMENT ON COLUMN buildings.number IS 'Which of its areas, from 0.';
COMMENT ON COLUMN buildings.south IS 'Degrees, WGS 84, of its outline; likewise west, north, east.';
COMMENT ON COLUMN buildings.west IS 'Degrees.';
COMMENT ON COLUMN buildings.north IS 'Degrees.';
COMMENT ON COLUMN buildings.east IS 'Degrees.';
COMMENT ON COLUMN buildings.roof_m IS 'Height of its roof above the ground, as the file says or as of three floors.';
COMMENT ON COLUMN buildings.rings IS 'Its outline and courts: rings of [lat, lon].';
