-- A finding as lists and stream show it.
ALTER TABLE findings ADD COLUMN placed_by_hand boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN findings.placed_by_hand IS 'Its place is what a person gave on the map: telemetry and known points do not move it.';

CREATE VIEW finding_items AS
SELECT
    findings.finding_id, findings.version, findings.flight_id, findings.footage_id, findings.state, findings.label,
    findings.confidence, findings.score, findings.reasons, findings.seen_at, findings.time_s, findings.box,
    findings.looks,
    CASE WHEN findings.lat IS NOT NULL THEN
        jsonb_build_object('lat', findings.lat, 'lon', findings.lon, 'ce90_m', findings.ce90_m,
                           'ellipse', findings.ellipse)
    END AS location,
    findings.depression_deg, findings.method, findings.placed_by_hand, findings.waste_class, findings.note,
    findings.added_by, findings.added_at, findings.reviewed_by, findings.reviewed_at, findings.merged_into,
    findings.site_id, sites.name AS site_name, alerts.alert_id,
    CASE WHEN findings.picture_sha256 IS NOT NULL THEN
        '/api/v1/findings/' || findings.finding_id || '/picture'
    END AS picture_url,
    findings.lat, findings.lon, findings.picture_sha256
FROM findings
LEFT JOIN sites USING (site_id)
LEFT JOIN room_outbox ON findings.event_id IS NOT NULL
LEFT JOIN alerts ON alerts.device_id = room_outbox.device_id AND alerts.event_id = findings.event_id;
COMMENT ON VIEW finding_items IS 'A finding as lists and stream show it.';
