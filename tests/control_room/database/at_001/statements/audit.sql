-- add_row --
-- Write down one act; it commits or fails together with the act itself
INSERT INTO audit (at, actor_kind, actor, role, address, action, object_kind, object_id, reason, result, detail)
VALUES (
    %(at)s, %(actor_kind)s, %(actor)s, %(role)s, %(address)s, %(action)s, %(object_kind)s, %(object_id)s, %(reason)s,
    %(result)s, %(detail)s
);

-- page --
-- One page of the audit, the newest first
SELECT audit_id, at, actor_kind, actor, role, address, action, object_kind, object_id, reason, result, detail
FROM audit
WHERE (%(before)s::bigint IS NULL OR audit_id < %(before)s)
    AND (%(actor)s::text IS NULL OR actor = %(actor)s)
    AND (%(action)s::text IS NULL OR action = %(action)s)
    AND (%(object_kind)s::text IS NULL OR object_kind = %(object_kind)s)
    AND (%(object_id)s::text IS NULL OR object_id = %(object_id)s)
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
ORDER BY audit_id DESC
LIMIT %(limit)s;
