"""What must not come in is refused with a clear problem, and nothing of it is kept: no file, no row."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import httpx
import pytest

from control_room.uploads import expiry
from control_room.uploads.limits import BEGUN_A_MINUTE
from tests.control_room import door as doors
from tests.control_room import messages
from tests.control_room.probing import files
from tests.control_room.uploads.sender import ROOT, TRACK, TUS, TYPE, add, begin, kept, metadata, send
from tests.control_room.uploads.test_uploads import begin as begin_announced


def assert_nothing_is_kept(door: doors.Door) -> None:
    assert kept(door) == []
    assert door.rows("SELECT upload_id FROM uploads") == []


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and reason."""
    status, name = doors.problem(answer)
    assert name == "refused-file"
    assert answer.json()["detail"]
    return status, answer.json()["reason"]


def zip_bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flight.mp4", bytes(50_000_000))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("flight.zip", zip_bomb(), "alien_kind"),
        ("flight.mp4", zip_bomb(), "alien_kind"),
        ("track.csv", gzip.compress(bytes(10_000_000)), "alien_kind"),
        ("flight.m3u8", b"#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/latest/meta-data\n", "alien_kind"),
        ("flight.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "alien_kind"),
        ("flight.html", b"<!DOCTYPE html><script>alert(1)</script>", "alien_kind"),
        ("picture.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "alien_kind"),
        ("run.srt", b"#!/bin/sh\nrm -rf /\n", "alien_kind"),
        ("flight.mp4", TRACK, "other_kind"),
        ("flight.jpg", files.png(8, 8), "other_kind"),
        ("flight.srt", b"one\x00two" * 100, "unknown_kind"),
        ("flight.gpx", b'<gpx><!ENTITY a SYSTEM "file:///etc/passwd"></gpx>', "external"),
        ("bomb.png", files.png(60_000, 60_000), "too_large"),
    ],
)
def test_a_file_that_is_not_what_may_come_is_refused(door: doors.Door, name: str, content: bytes, reason: str) -> None:
    answer = send(door.as_person("pere"), content, metadata(filename=name))
    assert refused(answer) == (422, reason)
    assert_nothing_is_kept(door)


def test_a_video_that_was_cut_off_is_refused(door: doors.Door, tmp_path: Path) -> None:
    whole = files.video(tmp_path / "flight.mp4").read_bytes()
    pilot = door.as_person("pere")
    assert refused(send(pilot, whole[: len(whole) // 2], metadata(filename="flight.mp4"))) == (422, "damaged")
    assert_nothing_is_kept(door)
    assert send(pilot, whole, metadata(filename="flight.mp4", filetype="video/mp4")).status_code == 204


def test_a_type_that_is_not_the_file_s_is_refused(door: doors.Door) -> None:
    answer = send(door.as_person("pere"), TRACK, metadata(filename="flight.srt", filetype="video/mp4"))
    assert refused(answer) == (422, "other_kind")
    assert_nothing_is_kept(door)


def test_a_whole_that_is_not_of_the_checksum_that_was_said_is_refused(door: doors.Door) -> None:
    said = metadata(filename="flight.srt", sha256=hashlib.sha256(b"another").hexdigest())
    assert doors.problem(send(door.as_person("pere"), TRACK, said)) == (422, "other-content")
    assert_nothing_is_kept(door)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..\\..\\boot.ini",
        ".bashrc",
        "..",
        "a/b.mp4",
        "a\x00.mp4",
        "a\n.mp4",
        "x" * 201,
    ],
)
def test_a_name_that_is_a_path_is_refused(door: doors.Door, name: str) -> None:
    answer = begin(door.as_person("pere"), 5, metadata(filename=name))
    assert doors.problem(answer) == (422, "wrong-upload")
    assert_nothing_is_kept(door)


def test_sizes_that_are_claimed_and_not_kept_to(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    assert begin(pilot, 32 * 1024**3 + 1).status_code == 413
    assert begin(pilot, 5, TYPE, content=b"123456").status_code == 413
    assert_nothing_is_kept(door)
    address = begin(pilot, 5).headers["Location"]
    assert doors.problem(add(pilot, address, 0, b"123456")) == (413, "too-many-bytes")

    def streamed() -> object:
        yield b"123"
        yield b"456"

    endless = pilot.patch(address, headers=TUS | TYPE | {"Upload-Offset": "0"}, content=streamed())  # type: ignore[arg-type]  # an iterator of bytes
    assert doors.problem(endless) == (413, "too-many-bytes")
    assert pilot.head(address, headers=TUS).headers["Upload-Offset"] == "0"
    pilot.delete(address, headers=TUS)
    assert_nothing_is_kept(door)


def test_three_hundred_uploads_at_once_and_an_empty_one_leave_nothing(chores_by_hand: doors.Door) -> None:
    door = chores_by_hand
    pilot = door.as_person("pere")
    assert doors.problem(begin(pilot, 0)) == (422, "empty-file")
    assert_nothing_is_kept(door)
    reasons = Counter(_how_taken(pilot) for _ in range(300))
    assert reasons.total() == 300
    assert reasons["taken"] == 64, "so many may be open"
    assert len(door.rows("SELECT upload_id FROM uploads")) == 64
    assert reasons["too-many-requests"] >= 300 - BEGUN_A_MINUTE, "so many a minute"
    door.clock.move(seconds=61)
    assert _how_taken(pilot) != "taken", "those that are open still are"
    door.clock.move(hours=337)
    _do_chores(door)
    assert_nothing_is_kept(door)
    assert _how_taken(door.as_person("pere")) == "taken"


def _how_taken(pilot: httpx.Client) -> str:
    answer = begin(pilot, 5)
    if answer.status_code == 201:
        return "taken"
    status, name = doors.problem(answer)
    assert status == 429
    return name


def _do_chores(door: doors.Door) -> None:
    for _ in range(3):
        expiry.remove(door.room, door.clock())


def test_more_than_the_quota_is_refused(door: doors.Door) -> None:
    pilot = door.as_person("pere")
    length = 16 * 1024**3
    answers = [begin(pilot, length).status_code for _ in range(17)]
    allowed = answers.count(201)
    assert set(answers) <= {201, 429, 507}, "the disk may be smaller than the quota"
    assert allowed <= 16
    assert begin(door.as_person("anna"), 5).status_code == 201, "one's quota is not another's"


def test_a_device_s_picture_that_is_something_else_is_not_kept(door: doors.Door) -> None:
    device = door.as_device()
    for content in (zip_bomb(), b"\x7fELF" + bytes(500), files.png(8, 8)):
        reference = messages.evidence(
            "clip", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), media_type="video/mp4"
        )
        door.ingest(messages.event(evidence=[reference]))
        evidence_id = reference["evidence_id"]
        whole = device.put(f"/api/v1/evidence/{evidence_id}", content=content)
        assert doors.problem(whole) == (422, "not-as-announced")
        begin_announced(device, evidence_id, len(content))
        assert doors.problem(add(device, f"{ROOT}/{evidence_id}", 0, content)) == (422, "not-as-announced")
    assert_nothing_is_kept(door)


def test_a_png_that_unpacks_to_more_than_it_says_is_refused(door: doors.Door) -> None:
    bomb = files.png(64, 64, data=zlib.compress(bytes(200_000_000), 9))
    answer = send(door.as_person("pere"), bomb, metadata(filename="bomb.png"))
    assert refused(answer) == (422, "damaged")
    assert "more than its pixels take" in answer.json()["detail"]
    assert_nothing_is_kept(door)
    assert send(door.as_person("pere"), files.png(64, 64), metadata(filename="sound.png")).status_code == 204
