-- lock_sites --
-- One at a time joins what was seen to sites, so that the same heap never makes two
SELECT pg_advisory_xact_lock(%(lock)s);

-- near --
-- Sites about a place, by the cells of the map around it
SELECT site_id, lat, lon, ce90_m
FROM sites
WHERE merged_into IS NULL
    AND map_cell(lat, lon) = ANY(%(cells)s)
    AND lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s;

-- cells --
-- The cells of the map in which a box lies that is smaller than one
SELECT DISTINCT map_cell(lat, lon) FROM unnest(%(lats)s::double precision[], %(lons)s::double precision[]) AS corners (lat, lon);

-- add --
-- A new row
INSERT INTO sites (site_id, name, lat, lon, ce90_m, waste_classes, first_seen_at, last_seen_at, created_at, created_by)
VALUES (%(site_id)s, %(name)s, %(lat)s, %(lon)s, %(ce90_m)s, %(waste_classes)s, %(at)s, %(at)s, %(now)s, %(by)s);

-- add_visit --
-- Something was seen, or somebody looked
INSERT INTO site_visits (site_id, visit_id, kind, at, finding_id, alert_id, flight_id, footage_id, time_s, lat, lon,
                         ce90_m, before_sha256, after_sha256, changed_share, actor, note)
VALUES (%(site_id)s, %(visit_id)s, %(kind)s, %(at)s, %(finding_id)s, %(alert_id)s, %(flight_id)s, %(footage_id)s,
        %(time_s)s, %(lat)s, %(lon)s, %(ce90_m)s, %(before_sha256)s, %(after_sha256)s, %(changed_share)s, %(actor)s,
        %(note)s)
ON CONFLICT DO NOTHING;

-- members --
-- What was seen at a site
SELECT at, lat, lon, ce90_m, finding_id, flight_id, alert_id
FROM site_visits
WHERE site_id = %(site_id)s AND kind IN ('finding', 'alert')
ORDER BY at;

-- settle --
-- Where a site is and since when, by all that was seen there; what comes after a cleaning makes it a recurring one
UPDATE sites
SET lat = %(lat)s, lon = %(lon)s, ce90_m = %(ce90_m)s, first_seen_at = %(first)s, last_seen_at = %(last)s,
    status = CASE WHEN status = 'cleaned' AND %(last)s > cleaned_at THEN 'recurring' ELSE status END
WHERE site_id = %(site_id)s;

-- add_waste_class --
-- A class that was seen there first
UPDATE sites SET waste_classes = array_append(waste_classes, %(waste_class)s)
WHERE site_id = %(site_id)s AND NOT waste_classes @> ARRAY[%(waste_class)s];

-- visit_of_finding --
-- The site that has a finding
SELECT site_id FROM site_visits WHERE finding_id = %(finding_id)s;

-- move_visit --
-- A finding's place is another
UPDATE site_visits SET lat = %(lat)s, lon = %(lon)s, ce90_m = %(ce90_m)s WHERE finding_id = %(finding_id)s;

-- forget_finding --
-- It was none
DELETE FROM site_visits WHERE finding_id = %(finding_id)s RETURNING site_id;

-- forget_alert --
-- It was none
DELETE FROM site_visits WHERE alert_id = %(alert_id)s RETURNING site_id;

-- forget_visits --
-- Of a site of which nothing is left
DELETE FROM site_visits WHERE site_id = %(site_id)s;

-- forget_site --
-- Of a site of which nothing is left
DELETE FROM sites WHERE site_id = %(site_id)s;

-- forget_merged --
-- Whatever was merged into a site of which nothing is left stands for nothing either
UPDATE sites SET merged_into = NULL WHERE merged_into = %(site_id)s;

-- forget_findings --
-- Those of a site of which nothing is left belong to none
UPDATE findings SET site_id = NULL WHERE site_id = %(site_id)s;

-- alert --
-- What a camera saw, where it says where
SELECT alert_id, opened_at AS seen_at, lat, lon, accuracy_m AS ce90_m
FROM alerts
WHERE alert_id = %(alert_id)s AND rule = ANY(%(rules)s) AND camera_id IS NOT NULL AND lat IS NOT NULL;

-- page --
-- Sites as lists show them, the last seen first; the cursor is the last row of the page before
SELECT *
FROM site_items
WHERE (%(statuses)s::text[] IS NULL OR status = ANY(%(statuses)s))
    AND (%(named)s::text IS NULL OR name ILIKE %(named)s)
    AND (%(west)s::double precision IS NULL
         OR lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s)
    AND (%(before_at)s::timestamptz IS NULL OR (last_seen_at, site_id) < (%(before_at)s, %(before_id)s::uuid))
ORDER BY last_seen_at DESC, site_id DESC
LIMIT %(limit)s;

-- item --
-- One, as lists show it
SELECT * FROM site_items WHERE site_id = %(site_id)s;

-- visits --
-- What happened at a site, the newest first
SELECT visit_id, kind, at, finding_id, alert_id, flight_id, footage_id, time_s, lat, lon, ce90_m, changed_share, actor,
    note, before_sha256 IS NOT NULL AS has_before, after_sha256 IS NOT NULL AS has_after
FROM site_visits
WHERE site_id = %(site_id)s
ORDER BY at DESC, visit_id DESC
LIMIT %(limit)s;

-- lock --
-- A site, held until this transaction ends
SELECT site_id, version, name, status, waste_classes, land_owner, note, lat, lon, merged_into
FROM sites WHERE site_id = %(site_id)s FOR UPDATE;

-- change --
-- What people wrote of a site
UPDATE sites
SET name = %(name)s, status = %(status)s, waste_classes = %(waste_classes)s, land_owner = %(land_owner)s,
    note = %(note)s, version = version + 1,
    cleaned_at = CASE WHEN %(status)s = 'cleaned' AND status <> 'cleaned' THEN %(now)s ELSE cleaned_at END
WHERE site_id = %(site_id)s;

-- merge_visits --
-- All of one site belongs to another; a look of the same flight stays behind
UPDATE site_visits SET site_id = %(into)s
WHERE site_id = %(site_id)s AND (kind <> 'look' OR NOT EXISTS (
    SELECT FROM site_visits AS there
    WHERE there.site_id = %(into)s AND there.kind = 'look' AND there.flight_id = site_visits.flight_id
));

-- merge_findings --
-- Its findings belong to the other
UPDATE findings SET site_id = %(into)s WHERE site_id = %(site_id)s;

-- merge --
-- It is another from now on
UPDATE sites SET merged_into = %(into)s, version = version + 1 WHERE site_id = %(site_id)s;

-- to_look_at --
-- Sites that nobody looked at since a time and that are not known to be clean, or whose cleaning nobody saw
SELECT site_id, name, lat, lon, ce90_m, status, last_seen_at, last_look_at
FROM site_items
WHERE (status <> 'cleaned' OR last_look_at IS NULL OR last_look_at < cleaned_at)
    AND coalesce(last_look_at, last_seen_at) < %(before)s
    AND (%(west)s::double precision IS NULL
         OR lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s)
ORDER BY status = 'recurring' DESC, coalesce(last_look_at, last_seen_at), site_id
LIMIT %(limit)s;

-- picture --
-- One of the two pictures of a look
SELECT CASE %(which)s WHEN 'before' THEN before_sha256 ELSE after_sha256 END
FROM site_visits WHERE site_id = %(site_id)s AND visit_id = %(visit_id)s;
