-- lock_source --
-- One file of a source is taken in at a time
SELECT pg_advisory_xact_lock(hashtext('geozones ' || %(source)s));

-- present_of --
-- The present dataset of a source, with the hash of its file
SELECT dataset_id, version, sha256 FROM geozone_datasets WHERE source = %(source)s AND replaced_at IS NULL;

-- newest_version --
-- How many files of this source there were
SELECT coalesce(max(version), 0) FROM geozone_datasets WHERE source = %(source)s;

-- replace --
-- The present dataset of a source is present no more
UPDATE geozone_datasets SET replaced_at = %(now)s WHERE source = %(source)s AND replaced_at IS NULL;

-- add_dataset --
-- A new present dataset
INSERT INTO geozone_datasets (dataset_id, source, version, dialect, title, issued_at, sha256, zones, doubts, imported_at,
                              imported_by)
VALUES (%(dataset_id)s, %(source)s, %(version)s, %(dialect)s, %(title)s, %(issued_at)s, %(sha256)s, %(zones)s,
        %(doubts)s, %(now)s, %(imported_by)s);

-- add_zone --
-- A zone of a dataset
INSERT INTO geozones (geozone_id, dataset_id, identifier, country, kind, west, south, east, north, search, document)
VALUES (%(geozone_id)s, %(dataset_id)s, %(identifier)s, %(country)s, %(kind)s, %(west)s, %(south)s, %(east)s, %(north)s,
        %(search)s, %(document)s);

-- datasets --
-- Files that were taken in, the present ones first
SELECT dataset_id, source, version, dialect, title, issued_at, sha256, zones, doubts, imported_at, imported_by,
    replaced_at
FROM geozone_datasets
WHERE (%(dataset_id)s::uuid IS NULL OR dataset_id = %(dataset_id)s)
ORDER BY replaced_at IS NOT NULL, source, version DESC
LIMIT %(limit)s;

-- items --
-- Zones of the present datasets, or of one, by identifier; the cursor is the last one of the page before
SELECT geozones.geozone_id, geozones.dataset_id, geozone_datasets.source, geozone_datasets.version, geozones.document
FROM geozones
JOIN geozone_datasets USING (dataset_id)
WHERE CASE WHEN %(dataset_id)s::uuid IS NULL THEN geozone_datasets.replaced_at IS NULL
           ELSE geozones.dataset_id = %(dataset_id)s END
    AND (%(geozone_id)s::uuid IS NULL OR geozones.geozone_id = %(geozone_id)s)
    AND (%(kind)s::text IS NULL OR geozones.kind = %(kind)s)
    AND (%(search)s::text IS NULL OR position(lower(%(search)s) IN geozones.search) > 0)
    AND (%(west)s::float IS NULL
         OR box(point(geozones.west, geozones.south), point(geozones.east, geozones.north))
            && box(point(%(west)s, %(south)s), point(%(east)s, %(north)s)))
    AND (%(after_identifier)s::text IS NULL
         OR (geozones.identifier, geozones.geozone_id) > (%(after_identifier)s, %(after_id)s::uuid))
ORDER BY geozones.identifier, geozones.geozone_id
LIMIT %(limit)s;

-- identifier_of --
-- Where a page ended
SELECT identifier FROM geozones WHERE geozone_id = %(geozone_id)s;

-- in_force_at --
-- Of each source the dataset that was in force then: the newest that was here or published, else the first that came after
SELECT DISTINCT ON (source) dataset_id, source, version, title, issued_at, imported_at,
    least(imported_at, coalesce(issued_at, imported_at)) > %(at)s AS came_after
FROM geozone_datasets
ORDER BY source, least(imported_at, coalesce(issued_at, imported_at)) > %(at)s,
    CASE WHEN least(imported_at, coalesce(issued_at, imported_at)) > %(at)s THEN version ELSE -version END;

-- near --
-- Zones of these datasets whose box meets this one
SELECT geozone_id, dataset_id, document
FROM geozones
WHERE dataset_id = ANY (%(datasets)s)
    AND box(point(west, south), point(east, north)) && box(point(%(west)s, %(south)s), point(%(east)s, %(north)s))
ORDER BY identifier, geozone_id
LIMIT %(limit)s;

-- dataset_of --
-- Of which dataset a zone is
SELECT dataset_id FROM geozones WHERE geozone_id = %(geozone_id)s;
