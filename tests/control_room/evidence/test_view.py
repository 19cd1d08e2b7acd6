"""People open files: in ranges, under a reason, and it is written down before the first byte."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.control_room import door as doors
from tests.control_room import messages

CLIP = bytes(range(256)) * 100


@dataclass
class Shown:
    """A clip of an alert, and Marta."""

    door: doors.Door
    url: str
    evidence_id: str
    alert: dict[str, Any]
    marta: httpx.Client

    def close(self) -> None:
        body = {"version": 1, "reason": "confirmed"}
        self.marta.post(f"/api/v1/alerts/{self.alert['alert_id']}/close", json=body).raise_for_status()

    def written_down(self) -> list[tuple[str, str, str]]:
        rows = self.door.rows("SELECT * FROM audit WHERE action LIKE 'evidence.%%' AND actor_kind = 'user' ORDER BY 1")
        return [(row["actor"], row["action"], row["reason"]) for row in rows]


@pytest.fixture
def shown(door: doors.Door) -> Shown:
    return _shown(door)


@pytest.fixture(scope="module")
def looked_at(lasting_door: doors.Door) -> Shown:
    """For tests that only look."""
    return _shown(lasting_door)


def _shown(door: doors.Door, media_type: str = "video/mp4", kind: str = "clip") -> Shown:
    sha256 = hashlib.sha256(CLIP).hexdigest()
    reference = messages.evidence(kind, sha256=sha256, bytes=len(CLIP), media_type=media_type)
    alert = door.alert(evidence=[reference])
    url = f"/api/v1/evidence/{reference['evidence_id']}"
    door.as_device().put(url, content=CLIP).raise_for_status()
    return Shown(door, url, reference["evidence_id"], alert, door.as_person("marta"))


def test_the_whole_file(looked_at: Shown) -> None:
    answer = looked_at.marta.get(looked_at.url)
    assert answer.content == CLIP
    headers = {name: answer.headers[name] for name in ("content-type", "etag", "cache-control", "accept-ranges")}
    assert headers == {
        "content-type": "video/mp4",
        "etag": f'"{hashlib.sha256(CLIP).hexdigest()}"',
        "cache-control": "private, no-cache",
        "accept-ranges": "bytes",
    }
    assert answer.headers["content-disposition"] == f'inline; filename="clip-{looked_at.evidence_id}.mp4"'


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=25500-", 206, slice(25500, None)),
        ("bytes=-100", 206, slice(-100, None)),
        ("bytes=100-999999", 206, slice(100, None)),
        ("bytes=-999999", 206, slice(None)),
        ("bytes=0-0,5-6", 200, slice(None)),
        ("bytes=9-3", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=a-b", 200, slice(None)),
    ],
)
def test_ranges(looked_at: Shown, asked: str, status: int, part: slice) -> None:
    answer = looked_at.marta.get(looked_at.url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, CLIP[part])


@pytest.mark.parametrize("asked", ["bytes=25600-", "bytes=99999999-", "bytes=-0"])
def test_a_range_beyond_the_end(looked_at: Shown, asked: str) -> None:
    answer = looked_at.marta.get(looked_at.url, headers={"Range": asked})
    assert doors.problem(answer) == (416, "about:blank")
    assert answer.headers["content-range"] == "bytes */25600"


def test_what_the_browser_has_it_need_not_fetch_again(looked_at: Shown) -> None:
    etag = looked_at.marta.get(looked_at.url).headers["etag"]
    answer = looked_at.marta.get(looked_at.url, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")
    answer = looked_at.marta.get(looked_at.url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (answer.status_code, len(answer.content)) == (200, len(CLIP))


def test_an_open_alert_is_the_reason_and_a_playback_is_one_row_a_minute(shown: Shown) -> None:
    for start in range(0, 500, 100):
        shown.marta.get(shown.url, headers={"Range": f"bytes={start}-{start + 99}"})
    reason = f"alert {shown.alert['alert_id']}"
    assert shown.written_down() == [("marta", "evidence.play", reason)]
    shown.door.clock.move(seconds=60)
    shown.marta.get(shown.url)
    shown.door.as_person("marta").get(shown.url)
    assert shown.written_down() == [("marta", "evidence.play", reason)] * 3


def test_a_download_is_written_down_as_such(shown: Shown) -> None:
    answer = shown.marta.get(f"{shown.url}?download=1&reason=the%20judge%20asked")
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert shown.written_down() == [("marta", "evidence.download", "the judge asked")]


def test_a_closed_alert_asks_for_a_reason_that_lasts_15_minutes(shown: Shown) -> None:
    shown.close()
    assert doors.problem(shown.marta.get(shown.url)) == (403, "reason-needed")
    assert doors.problem(shown.marta.get(f"{shown.url}?reason=%20")) == (422, "about:blank")
    assert shown.marta.get(f"{shown.url}?reason=complaint%2012").content == CLIP
    assert shown.marta.get(shown.url).status_code == 200
    shown.door.clock.move(minutes=14)
    assert shown.marta.get(shown.url).status_code == 200
    shown.door.clock.move(minutes=1)
    assert doors.problem(shown.marta.get(shown.url)) == (403, "reason-needed")
    assert shown.written_down() == [("marta", "evidence.play", "complaint 12")] * 2


def test_the_reason_is_of_this_session(shown: Shown) -> None:
    shown.close()
    shown.marta.get(f"{shown.url}?reason=complaint").raise_for_status()
    assert doors.problem(shown.door.as_person("anna").get(shown.url)) == (403, "reason-needed")


def test_closing_an_alert_does_not_stop_its_clip(shown: Shown) -> None:
    shown.marta.get(shown.url, headers={"Range": "bytes=0-99"}).raise_for_status()
    shown.close()
    assert shown.marta.get(shown.url, headers={"Range": "bytes=100-199"}).status_code == 206
    assert len(shown.written_down()) == 1


def test_what_does_not_belong_in_a_page_is_only_handed_out(door: doors.Door) -> None:
    shown = _shown(door, media_type="text/html", kind="snapshot")
    answer = shown.marta.get(shown.url)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_that_the_store_has_lost_is_said_and_not_written_down(shown: Shown) -> None:
    shown.door.room.store.remove(hashlib.sha256(CLIP).hexdigest())
    assert doors.problem(shown.marta.get(shown.url)) == (500, "lost-file")
    assert shown.written_down() == []


def test_there_is_no_such_file(door: doors.Door) -> None:
    assert doors.problem(door.as_person("marta").get(f"/api/v1/evidence/{uuid.uuid4()}")) == (404, "about:blank")
