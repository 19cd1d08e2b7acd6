-- What the device was ordered and what it answered. Times are RFC 3339 in UTC by the device's clock.

create table if not exists commands (
    command_id  text primary key,
    message     blob not null,              -- as it came, signature and all
    received_at text not null,
    begun       integer not null default 0, -- how often; more than once: the agent ended meanwhile
    reply       blob,                       -- as it goes over the wire; null while it is not done
    acked_at    text                        -- when the room's ack came
) without rowid;

-- Rules that say nothing until a time.
create table if not exists mutes (
    camera_id text not null,
    rule      text not null,                -- empty: all
    until     text not null,
    primary key (camera_id, rule)
) without rowid;

-- What mutes kept silent, and which of it is not over: its later messages must be silent too.
create table if not exists silenced (
    camera_id  text not null,
    rule       text not null,
    occurrence integer not null,            -- the rule's own number
    open       integer not null,
    at         text not null,
    primary key (camera_id, rule, occurrence)
) without rowid;
