-- owner --
-- The account of a person
SELECT user_id FROM users WHERE name = %(name)s;

-- of_person --
-- One's own walls and then those of the room, by name
SELECT name, user_id IS NULL AS shared, layout, places, version, changed_at, changed_by
FROM walls
WHERE user_id = %(user_id)s OR user_id IS NULL
ORDER BY user_id IS NULL, lower(name);

-- one --
-- A wall of this owner (null: the room) by its name
SELECT name, user_id IS NULL AS shared, layout, places, version, changed_at, changed_by
FROM walls
WHERE user_id IS NOT DISTINCT FROM %(user_id)s::uuid AND lower(name) = lower(%(name)s);

-- add --
-- A new wall; no row where the owner has one of this name, or as many as he may have
INSERT INTO walls (wall_id, user_id, name, layout, places, changed_at, changed_by)
SELECT %(wall_id)s, %(user_id)s::uuid, %(name)s, %(layout)s, %(places)s::text[], %(now)s, %(changed_by)s
WHERE %(most)s > (SELECT count(*) FROM walls WHERE user_id IS NOT DISTINCT FROM %(user_id)s::uuid)
ON CONFLICT DO NOTHING
RETURNING name, user_id IS NULL AS shared, layout, places, version, changed_at, changed_by;

-- change --
-- Arrange a wall anew; no row where it is not at this version
UPDATE walls SET layout = %(layout)s, places = %(places)s::text[], version = version + 1,
    changed_at = %(now)s, changed_by = %(changed_by)s
WHERE user_id IS NOT DISTINCT FROM %(user_id)s::uuid AND lower(name) = lower(%(name)s) AND version = %(version)s
RETURNING name, user_id IS NULL AS shared, layout, places, version, changed_at, changed_by;

-- remove --
-- Forget a wall; what it was
DELETE FROM walls
WHERE user_id IS NOT DISTINCT FROM %(user_id)s::uuid AND lower(name) = lower(%(name)s)
RETURNING name, layout, places;
