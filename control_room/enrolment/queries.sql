-- close_codes --
-- Codes of a device that are still open; another one takes their place
UPDATE enrolment_codes SET used_at = %(now)s WHERE device_id = %(device_id)s AND used_at IS NULL;

-- device --
-- A device, also a revoked one
SELECT name FROM devices WHERE device_id = %(device_id)s;

-- add_code --
-- A code that opens once
INSERT INTO enrolment_codes (code_sha256, device_id, made_by, made_at, expires_at)
VALUES (%(code_sha256)s, %(device_id)s, %(made_by)s, %(now)s, %(expires_at)s);

-- use_code --
-- Use up a code; no row where it is unknown, used or too old. Of two at once only one gets the row
UPDATE enrolment_codes SET used_at = %(now)s
WHERE code_sha256 = %(code_sha256)s AND used_at IS NULL AND expires_at > %(now)s
RETURNING device_id;

-- enrol --
-- What the device is known by from now on; a revoked one may speak again
UPDATE devices SET device_key = %(device_key)s, town_key = %(town_key)s, authority_sha256 = %(authority_sha256)s,
    secret_hash = %(secret_hash)s, enrolled_at = %(now)s, revoked_at = NULL,
    certificate_expires_at = %(expires_at)s, broker_generation = broker_generation + 1
WHERE device_id = %(device_id)s
RETURNING name, broker_generation;

-- known --
-- By what an enrolled device is known
SELECT device_key, town_key FROM devices
WHERE device_id = %(device_id)s AND revoked_at IS NULL AND enrolled_at IS NOT NULL;

-- renew --
-- Another certificate of the same device
UPDATE devices SET certificate_expires_at = %(expires_at)s, authority_sha256 = %(authority_sha256)s
WHERE device_id = %(device_id)s;
