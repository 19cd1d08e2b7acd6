-- A site as lists and stream show it.
CREATE VIEW site_items AS
SELECT
    sites.site_id, sites.version, sites.name, sites.lat, sites.lon, sites.ce90_m, sites.status, sites.waste_classes,
    sites.land_owner, sites.note, sites.first_seen_at, sites.last_seen_at, sites.cleaned_at,
    coalesce(seen.findings, 0) AS findings, coalesce(seen.alerts, 0) AS alerts, coalesce(seen.looks, 0) AS looks,
    seen.last_look_at
FROM sites
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE kind = 'finding') AS findings, count(*) FILTER (WHERE kind = 'alert') AS alerts,
        count(*) FILTER (WHERE kind = 'look') AS looks,
        max(at) FILTER (WHERE kind IN ('finding', 'look')) AS last_look_at
    FROM site_visits WHERE site_visits.site_id = sites.site_id
) AS seen ON true
WHERE sites.merged_into IS NULL;
COMMENT ON VIEW site_items IS 'A site as lists and stream show it; merged ones are not there.';
