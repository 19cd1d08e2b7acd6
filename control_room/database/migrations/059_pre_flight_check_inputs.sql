-- What the replay of a flight rests on, as one fingerprint: when it changes, the kept result is made again.

CREATE FUNCTION flight_check_inputs(settings text)
RETURNS TABLE (flight_id uuid, inputs text) LANGUAGE sql STABLE AS $$
    SELECT flights.flight_id, md5(concat_ws('|', settings, flights.authorisation_id, flights.urgent_reason,
        flights.take_off_lat, flights.take_off_lon, flights.take_off_elevation_m,
        jsonb_array_length(flights.track), flights.updated_at,
        (SELECT concat_ws('|', valid_to, revoked_at)
         FROM authorisations WHERE authorisations.authorisation_id = flights.authorisation_id),
        (SELECT concat_ws('|', count(*), max(imported_at)) FROM geozone_datasets),
        (SELECT string_agg(concat_ws(' ', footage.footage_id, footage.state, footage.telemetry ->> 'rows'), ','
                           ORDER BY footage.footage_id)
         FROM footage WHERE footage.flight_id = flights.flight_id AND footage.telemetry IS NOT NULL)))
    FROM flights
$$;
COMMENT ON FUNCTION flight_check_inputs IS 'Of each flight a fingerprint of what its replay rests on: itself, its permission, geozones, telemetry and settings.';
