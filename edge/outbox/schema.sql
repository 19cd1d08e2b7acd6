-- The agent's own memory. Times are RFC 3339 in UTC by the device's clock unless named otherwise.

create table if not exists about (
    key   text primary key,   -- outbox_id: UUIDv7 made with this file; last_sequence: of the newest message
    value text not null
) without rowid;

-- Every event message, whole; never changed but for `acked_at`.
create table if not exists messages (
    sequence   integer primary key,  -- from 1, gapless
    message_id text not null unique,
    event_id   text not null,
    payload    blob not null,        -- as it goes over the wire
    written_at text not null,
    acked_at   text                  -- when the room's ack came
);
create index if not exists messages_pending on messages (sequence) where acked_at is null;
create index if not exists messages_acked on messages (acked_at) where acked_at is not null;

-- Which event an open occurrence of a rule is, so that a restart goes on with it.
create table if not exists occurrences (
    camera_id  text not null,
    rule       text not null,
    occurrence integer not null,     -- the rule's own number
    event_id   text not null,
    began_at   text,                 -- as its first message said
    told       blob,                 -- its newest message, from which it is closed where its rule is switched off
    primary key (camera_id, rule, occurrence)
) without rowid;

-- What a rule gave as its open occurrences, written with the message that changed them.
create table if not exists rule_states (
    camera_id text not null,
    rule      text not null,
    state     text not null,         -- JSON
    saved_at  text not null,
    primary key (camera_id, rule)
) without rowid;

-- Files that wait for their upload, those that the room refused, and those that it has and may have to be given again.
create table if not exists evidence (
    evidence_id text primary key,
    file        text not null,       -- name in the evidence folder
    media_type  text not null,
    sha256      text not null,
    bytes       integer not null,
    made_at     text not null,
    refused     text,                -- the room's reason; null: it has not refused it
    uploaded_at text,                -- when the room had it; null while it waits
    of_answer   integer not null default 0, -- 1: of the answer to a command, which can be given again; 0: of an event
    asked       integer not null default 0 -- 1: the room asked for it, so it goes over any link
) without rowid;

-- Clips that must still be cut of events that have opened: also by the next start of the agent, from the recording.
create table if not exists clip_orders (
    event_id   text primary key,
    camera_id  text not null,
    clip_from  text not null,
    clip_until text not null
) without rowid;
