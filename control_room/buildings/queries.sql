-- sets --
-- Files of footprints
SELECT building_set_id, name, buildings, south, west, north, east, added_at, added_by
FROM building_sets
WHERE %(building_set_id)s::uuid IS NULL OR building_set_id = %(building_set_id)s
ORDER BY name
LIMIT %(limit)s;

-- remove_named --
-- The file of that name gives way, with its buildings
DELETE FROM building_sets WHERE name = %(name)s RETURNING building_set_id;

-- count --
-- How many files there are
SELECT count(*) FROM building_sets;

-- add_set --
-- A file of footprints
INSERT INTO building_sets (building_set_id, name, sha256, buildings, south, west, north, east, added_at, added_by)
VALUES (%(building_set_id)s, %(name)s, %(sha256)s, %(buildings)s, %(south)s, %(west)s, %(north)s, %(east)s, %(now)s,
        %(by)s);

-- copy_buildings --
-- Its buildings
COPY buildings (building_set_id, number, south, west, north, east, roof_m, rings) FROM STDIN;

-- remove --
-- A file and its buildings are gone
DELETE FROM building_sets WHERE building_set_id = %(building_set_id)s RETURNING name;

-- near --
-- Buildings that touch a box
SELECT rings, roof_m FROM buildings
WHERE south <= %(north)s AND north >= %(south)s AND west <= %(east)s AND east >= %(west)s
ORDER BY building_set_id, number;

-- any --
-- Whether there are any footprints at all
SELECT EXISTS (SELECT FROM building_sets);

-- flown --
-- Where a flight was; nulls where its telemetry says nothing
SELECT min(lat), min(lon), max(lat), max(lon)
FROM telemetry_samples JOIN footage USING (footage_id)
WHERE flight_id = %(flight_id)s AND lat IS NOT NULL AND lon IS NOT NULL;
