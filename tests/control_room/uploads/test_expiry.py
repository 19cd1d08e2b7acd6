"""What nobody goes on with goes away, whatever was killed in between, and several processes may serve one upload."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import httpx
import pytest

from control_room.store.local import LocalStore
from control_room.uploads import expiry
from control_room.uploads.partial import LockedError, Partial, Uploads
from tests.control_room import door as doors
from tests.control_room.uploads.sender import ROOT, TRACK, TUS, add, begin, checksum, head, kept, metadata, send
from tests.control_room.uploads.test_uploads import CONTENT, announced
from tests.control_room.uploads.test_uploads import begin as begin_announced

NAMED = metadata(filename="flight.srt")


@pytest.fixture
def door(chores_by_hand: doors.Door) -> doors.Door:
    """Else the room's own chores would remove what a test is about to."""
    return chores_by_hand


def test_what_nobody_goes_on_with_is_removed_by_the_clock(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    address = begin(pilot, 100).headers["Location"]
    add(pilot, address, 0, b"x" * 10)
    door.clock.move(hours=335)
    assert expiry.remove(door.room, door.clock()) == 0
    assert add(door.as_person("pere"), address, 10, b"x").status_code == 204
    door.clock.move(hours=2)
    assert expiry.remove(door.room, door.clock()) == 0, "it was gone on with"
    door.clock.move(hours=336)
    assert expiry.remove(door.room, door.clock()) == 1
    assert head(door.as_person("pere"), address).status_code == 404
    assert kept(door) == []


def test_a_pilot_s_file_that_became_part_of_nothing_is_removed_and_written_down(door: doors.Door) -> None:
    assert send(door.as_person("pere"), TRACK, NAMED).status_code == 204
    assert send(door.as_person("anna"), TRACK, NAMED).status_code == 204, "the same content of somebody else"
    assert [path.name for path in kept(door)] == [hashlib.sha256(TRACK).hexdigest()]
    door.clock.move(hours=337)
    assert expiry.remove(door.room, door.clock()) == 2
    assert kept(door) == []
    actors = door.rows("SELECT actor FROM audit WHERE action = 'upload.erase'")
    assert actors == [{"actor": "room"}, {"actor": "room"}]


def test_an_upload_that_is_written_to_is_not_removed(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    address = begin(pilot, 100).headers["Location"]
    path = Uploads(door.room.store).path(uuid.UUID(address.rpartition("/")[2]))
    door.clock.move(hours=337)
    with Partial(path, door.room.store):
        assert expiry.remove(door.room, door.clock()) == 0
    assert expiry.remove(door.room, door.clock()) == 1


def test_files_of_no_upload_are_what_a_crash_left(door: doors.Door) -> None:
    directory = door.room.store.staging.uploads
    open_one = begin(door.as_person("pere"), 100).headers["Location"].rpartition("/")[2]
    orphans = [directory / str(uuid.uuid4()), directory / f"{uuid.uuid4()}.from", directory / f"{uuid.uuid4()}.whole"]
    for orphan in orphans:
        orphan.write_bytes(b"1")
    expiry.remove(door.room, door.clock())
    written_s = orphans[0].stat().st_mtime
    for path in [*orphans, directory / open_one]:
        long_ago = door.clock().timestamp() - expiry.ORPHAN_KEPT_S - 1
        os.utime(path, (min(long_ago, written_s), min(long_ago, written_s)))
    expiry.remove(door.room, door.clock())
    assert [path.name for path in directory.iterdir()] == [open_one]


def test_a_kill_between_the_last_byte_and_its_answer_costs_nothing(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    address = begin(pilot, len(TRACK), NAMED).headers["Location"]
    Uploads(door.room.store).path(uuid.UUID(address.rpartition("/")[2])).write_bytes(TRACK)
    answer = head(pilot, address)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, str(len(TRACK)))
    assert pilot.get(address).json()["state"] == "finished"


def test_a_kill_between_the_store_and_the_database_costs_nothing(door: doors.Door) -> None:
    evidence_id, device = announced(door), door.as_device()
    begin_announced(device, evidence_id)
    path = Uploads(door.room.store).path(uuid.UUID(evidence_id))
    path.write_bytes(CONTENT)
    with Partial(path, door.room.store) as partial:
        partial.keep()
    assert begin_announced(device, evidence_id).headers["Upload-Offset"] == str(len(CONTENT)), "nothing is sent again"
    assert add(device, f"{ROOT}/{evidence_id}", len(CONTENT), b"").status_code == 204
    assert door.as_person("marta").get(f"/api/v1/evidence/{evidence_id}").content == CONTENT
    assert [path.name for path in kept(door)] == [hashlib.sha256(CONTENT).hexdigest()]


def test_a_kill_in_the_midst_of_a_piece_with_a_checksum_leaves_what_was_proven(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    uploads, upload_id = Uploads(store), uuid.uuid4()
    uploads.begin(upload_id)
    with Partial(uploads.path(upload_id), store) as partial:
        partial.write(b"proven")
        partial.sync()
        partial.mark()
        partial.write(b"who knows")
    assert uploads.path(upload_id).stat().st_size == 15
    assert uploads.offset(upload_id) == 6
    with Partial(uploads.path(upload_id), store) as partial:
        assert partial.size_bytes == 6
    assert uploads.path(upload_id).read_bytes() == b"proven"


def test_a_torn_piece_with_a_checksum_leaves_nothing(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    address = begin(pilot, 2_000_000).headers["Location"]

    def torn() -> object:
        yield b"x" * 1_500_000
        raise ConnectionError("the van drove into a tunnel")

    headers = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"} | checksum(b"whole")
    with pytest.raises(ConnectionError):
        pilot.patch(address, headers=headers, content=torn())  # type: ignore[arg-type]  # an iterator of bytes
    again = door.as_person("pere")
    while (answer := add(again, address, 0, b"y" * 10)).status_code in {409, 423}:
        pass  # the room still takes the tear in
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "10")


def test_two_processes_serve_one_upload(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    address = begin(pilot, len(TRACK), NAMED).headers["Location"]
    add(pilot, address, 0, TRACK[:100])
    with doors.opened(door.database_url, door.folder) as second:
        beside: httpx.Client = second.as_person("pere")
        assert head(beside, address).headers["Upload-Offset"] == "100"
        with Partial(Uploads(door.room.store).path(uuid.UUID(address.rpartition("/")[2])), door.room.store):
            assert doors.problem(add(beside, address, 100, TRACK[100:])) == (423, "upload-locked")
        assert add(beside, address, 100, TRACK[100:]).status_code == 204
    assert pilot.get(address).json()["sha256"] == hashlib.sha256(TRACK).hexdigest()


def test_what_was_removed_while_it_was_opened_is_not_written_to(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    uploads, upload_id = Uploads(store), uuid.uuid4()
    uploads.begin(upload_id)
    with Partial(uploads.path(upload_id), store):
        with pytest.raises(LockedError):
            Partial(uploads.path(upload_id), store)
        uploads.remove(upload_id)
    with pytest.raises(FileNotFoundError):
        Partial(uploads.path(upload_id), store)
