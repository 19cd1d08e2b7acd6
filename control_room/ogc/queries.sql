-- findings --
-- Confirmed findings with a place, the newest first
SELECT *
FROM finding_items
WHERE state = 'confirmed' AND lat IS NOT NULL
    AND (%(west)s::double precision IS NULL
         OR lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s)
    AND (%(since)s::timestamptz IS NULL OR seen_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR seen_at <= %(until)s)
ORDER BY seen_at DESC, finding_id
LIMIT %(limit)s OFFSET %(offset)s;

-- count_findings --
-- How many that would be
SELECT count(*) AS matched
FROM finding_items
WHERE state = 'confirmed' AND lat IS NOT NULL
    AND (%(west)s::double precision IS NULL
         OR lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s)
    AND (%(since)s::timestamptz IS NULL OR seen_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR seen_at <= %(until)s);

-- one_of_findings --
-- One of them
SELECT * FROM finding_items
WHERE finding_id = %(feature_id)s AND state = 'confirmed' AND lat IS NOT NULL;

-- sites --
-- Sites of which something was seen in that time, the last seen first
SELECT *
FROM site_items
WHERE (%(west)s::double precision IS NULL
       OR lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s)
    AND (%(since)s::timestamptz IS NULL OR last_seen_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR first_seen_at <= %(until)s)
ORDER BY last_seen_at DESC, site_id
LIMIT %(limit)s OFFSET %(offset)s;

-- count_sites --
-- How many that would be
SELECT count(*) AS matched
FROM site_items
WHERE (%(west)s::double precision IS NULL
       OR lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s)
    AND (%(since)s::timestamptz IS NULL OR last_seen_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR first_seen_at <= %(until)s);

-- one_of_sites --
-- One of them
SELECT * FROM site_items WHERE site_id = %(feature_id)s;
