-- Where to find which segment; made again from the files by `talaia-edge fsck --repair`, never the only truth.
-- Times are RFC 3339 in UTC with microseconds, by the device's clock.

create table if not exists segments (
    path          text primary key,  -- within the recordings folder
    camera_id     text not null,
    captured_from text not null,     -- first packet
    captured_to   text not null,     -- last packet
    bytes         integer not null,  -- of the file
    sha256        text not null,     -- of what comes before its seal
    masked        integer not null,  -- 1: mask zones were painted before recording
    doomed        integer not null default 0  -- 1: is being erased; the file may be gone already
) without rowid;
create index if not exists segments_by_camera on segments (camera_id, captured_from);
create index if not exists segments_by_time on segments (captured_from);

-- What must be erased of segments that were still open when it was asked.
create table if not exists erasures (
    camera_id   text not null,
    erased_from text not null,
    erased_to   text not null
);
