-- lock_stream --
-- One writer at a time draws ids, until its transaction ends: ids become visible in their order
SELECT pg_advisory_xact_lock(%(lock)s);

-- add_items --
-- Write changes in the order given and wake the listeners when the transaction commits
WITH added AS (
    INSERT INTO stream (at, kind, payload)
    SELECT clock_timestamp(), %(kind)s, item
    FROM jsonb_array_elements(%(payloads)s::jsonb) WITH ORDINALITY AS items (item, place)
    ORDER BY place
    RETURNING id
)
SELECT max(id), pg_notify('talaia_stream', max(id)::text) FROM added;

-- add_alerts --
-- The same for alerts as they stand now, oldest first: items of their view, with their times as the HTTP routes give
-- them, and with the trace of the message that changed each, where it has one
WITH added AS (
    INSERT INTO stream (at, kind, payload)
    SELECT
        clock_timestamp(), 'alert',
        to_jsonb(items) || jsonb_build_object(
            'opened_at', replace(to_char(opened_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z'),
            'received_at', replace(to_char(received_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z'),
            'over_since', replace(to_char(over_since, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z'),
            'shelved_until', replace(to_char(shelved_until, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')
        ) || CASE WHEN traceparent IS NULL THEN '{}' ELSE jsonb_build_object('traceparent', traceparent) END
    FROM alert_items AS items
    LEFT JOIN unnest(%(event_ids)s::uuid[], %(traceparents)s::text[]) AS traced (event_id, traceparent)
        USING (event_id)
    WHERE alert_id = ANY(%(alert_ids)s)
    ORDER BY opened_at, alert_id
    RETURNING id
)
SELECT max(id), pg_notify('talaia_stream', max(id)::text) FROM added;

-- newest_id --
-- Id of the newest change that this transaction can see; 0 before the first
SELECT coalesce(max(id), 0) FROM stream;

-- prune --
-- Forget what is too old, or too much, to resume from; the newest row stays, so that ids are never seen to go back
DELETE FROM stream
WHERE id < (SELECT max(id) FROM stream)
    AND (at < %(before)s OR id < (SELECT max(id) - %(most)s FROM stream));

-- listen --
-- Be woken when a transaction that published commits
LISTEN talaia_stream;

-- after --
-- Changes after one of them, in order, as text
SELECT id, kind, payload::text FROM stream WHERE id > %(id)s ORDER BY id LIMIT %(limit)s;

-- after_traced --
-- The same with the trace of each change, where it has one, and when it was written
SELECT id, kind, payload::text, payload ->> 'traceparent', at
FROM stream WHERE id > %(id)s ORDER BY id LIMIT %(limit)s;

-- is_resumable --
-- Whether this change has happened and nothing after it is forgotten: it, an older one, or its very next is still there
SELECT EXISTS (SELECT FROM stream WHERE id <= %(id)s + 1) AND %(id)s <= (SELECT max(id) FROM stream);

-- one_moment --
-- All that this transaction reads is of the same moment
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
