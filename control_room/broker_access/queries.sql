-- wanted --
-- Devices that may speak to the broker, and the number of their password
SELECT device_id, broker_generation FROM devices WHERE broker_generation > 0 AND revoked_at IS NULL;

-- try_lock --
-- Of several workers one keeps the accounts; it holds this until its connection ends
SELECT pg_try_advisory_lock(%(key)s);
