-- add --
-- A permission
INSERT INTO authorisations (authorisation_id, kind, authority, reference, purpose, legal_regime, conditions, area,
                            audio_allowed, dpia_reference, valid_from, valid_to, extension_of, created_at, created_by)
VALUES (%(authorisation_id)s, %(kind)s, %(authority)s, %(reference)s, %(purpose)s, %(legal_regime)s, %(conditions)s,
        %(area)s, %(audio_allowed)s, %(dpia_reference)s, %(valid_from)s, %(valid_to)s, %(extension_of)s, %(now)s, %(by)s);

-- write_history --
-- Who did what
INSERT INTO authorisation_history (authorisation_id, at, actor, action, reason)
VALUES (%(authorisation_id)s, %(now)s, %(by)s, %(action)s, %(reason)s);

-- items --
-- Permissions, those that end last first; the cursor is the last one of the page before
SELECT authorisation_id, kind, authority, reference, purpose, legal_regime, conditions, area, audio_allowed,
    dpia_reference, valid_from, valid_to, extension_of, created_at, created_by, revoked_at,
    (SELECT later.authorisation_id FROM authorisations later WHERE later.extension_of = authorisations.authorisation_id)
        AS extended_by,
    (SELECT count(*) FROM flights WHERE flights.authorisation_id = authorisations.authorisation_id) AS flights
FROM authorisations
WHERE (%(authorisation_id)s::uuid IS NULL OR authorisation_id = %(authorisation_id)s)
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(in_force)s::boolean IS NULL OR %(in_force)s = (
        valid_from <= %(now)s AND valid_to > %(now)s AND coalesce(revoked_at > %(now)s, true)))
    AND (%(over)s::boolean IS NULL OR %(over)s = (valid_to <= %(now)s OR coalesce(revoked_at <= %(now)s, false)))
    AND (%(before_end)s::timestamptz IS NULL OR (valid_to, authorisation_id) < (%(before_end)s, %(before_id)s::uuid))
ORDER BY valid_to DESC, authorisation_id DESC
LIMIT %(limit)s;

-- lock --
-- A permission that is about to change
SELECT * FROM authorisations WHERE authorisation_id = %(authorisation_id)s FOR UPDATE;

-- revoke --
-- It holds no more
UPDATE authorisations SET revoked_at = %(now)s WHERE authorisation_id = %(authorisation_id)s AND revoked_at IS NULL;

-- history --
-- Who did what with it
SELECT at, actor, action, reason FROM authorisation_history WHERE authorisation_id = %(authorisation_id)s
ORDER BY history_id;
