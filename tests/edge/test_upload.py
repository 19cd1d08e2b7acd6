"""Uploads go on until the room has the file or will never take it."""

from __future__ import annotations

import ssl
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import httpx
import pytest
import uuid_utils.compat

from edge.evidence import Folder, Kept
from edge.health.alarms import Alarms
from edge.health.pulse import Pulse
from edge.outbox import FILE_NAME, Outbox
from edge.upload import Clips, Uploader, clock_offset_s, judge
from edge.uploaded import Limits
from tests.edge.broker import free_port
from tests.edge.clocks import START, HandClock
from tests.edge.door import Door
from tests.edge.written import maker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEARER = "dev-1.of-a-test"
KEPT_BYTES = 300_000


class Waiting:
    """An outbox with one snapshot that waits."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self.clock = HandClock()
        self.outbox = Outbox(data_dir / FILE_NAME, self.clock)
        self.folder = Folder(data_dir / "evidence")
        self.kept: Kept = self.folder.keep(b"picture" * 40_000, "snapshot", START)
        self.outbox.append(maker(self.clock), evidence=[self.kept.file])
        self.alarms = Alarms(self.clock, lambda: None)
        self.uploader = Uploader(
            url=url,
            token=BEARER,
            trust=ssl.create_default_context(),
            outbox=self.outbox,
            folder=self.folder,
            alarms=self.alarms,
            clock=self.clock,
            stop=Event(),
            pulse=Pulse("upload", 60.0, self.clock),
            limits=Limits(bytes=KEPT_BYTES, free_bytes=0),
        )

    @property
    def file(self) -> Path:
        return self.folder.path / self.kept.file.file


@pytest.fixture
def waiting(tmp_path: Path, door: Door) -> Iterator[Waiting]:
    made = Waiting(tmp_path, door.url)
    yield made
    made.uploader._client.close()
    made.outbox.close()


def test_the_file_arrives_whole_and_stays_for_a_while(waiting: Waiting, door: Door) -> None:
    waiting.uploader.round()
    [upload] = door.uploads
    reference = waiting.kept.reference
    assert (upload.path, upload.authorization, upload.media_type, upload.sha256, len(upload.data)) == (
        f"/api/v1/evidence/{reference.evidence_id}",
        f"Bearer {BEARER}",
        "image/jpeg",
        reference.sha256,
        reference.bytes,
    )
    assert waiting.outbox.waiting_evidence() == []
    assert waiting.outbox.evidence_files() == [waiting.kept.file]
    waiting.clock.passed_s += 13 * 86400
    waiting.uploader.round()
    assert waiting.file.exists()
    waiting.clock.passed_s += 2 * 86400
    waiting.uploader.round()
    assert (waiting.outbox.evidence_files(), waiting.file.exists()) == ([], False)


def test_what_the_room_has_is_uploaded_again_where_it_asks(waiting: Waiting, door: Door) -> None:
    waiting.uploader.round()
    assert waiting.outbox.upload_again([waiting.kept.file.evidence_id, uuid_utils.compat.uuid7()]) == 1
    waiting.uploader.round()
    assert [upload.sha256 for upload in door.uploads] == [waiting.kept.reference.sha256] * 2
    waiting.uploader.round()
    assert len(door.uploads) == 2


def test_of_what_the_room_has_only_so_much_stays(waiting: Waiting, door: Door) -> None:
    pictures = [waiting.folder.keep(bytes([n]) * (KEPT_BYTES // 3), "snapshot", waiting.clock.now()) for n in range(4)]
    for picture in pictures:
        waiting.clock.passed_s += 11
        waiting.outbox.append(maker(waiting.clock), evidence=[picture.file])
        waiting.uploader.round()
    waiting.clock.passed_s += 11
    waiting.uploader.round()
    assert len(door.uploads) == 5
    assert waiting.outbox.evidence_files() == [picture.file for picture in pictures[1:]]
    assert {path.name for path in waiting.folder.path.iterdir()} == {picture.file.file for picture in pictures[1:]}


def test_the_answer_to_a_command_does_not_stay(waiting: Waiting) -> None:
    picture = waiting.folder.keep(b"on demand", "snapshot", waiting.clock.now())
    waiting.outbox.add_evidence([picture.file])
    waiting.uploader.round()
    assert waiting.outbox.evidence_files() == [waiting.kept.file]
    assert not waiting.folder.path.joinpath(picture.file.file).exists()


def test_what_may_change_is_tried_again_ever_later(waiting: Waiting, door: Door) -> None:
    door.answers = [503, 404, 401]
    tried_at = []
    for _ in range(30):
        before = len(door.uploads)
        waiting.uploader.round()
        if len(door.uploads) > before:
            tried_at.append(waiting.clock.passed_s)
        waiting.clock.passed_s += 1
    assert tried_at == [0, 2, 6, 14]
    assert waiting.outbox.waiting_evidence() == []


def test_what_the_room_has_already_is_done(waiting: Waiting, door: Door) -> None:
    door.answers = [200]
    waiting.uploader.round()
    assert waiting.outbox.waiting_evidence() == []


def test_what_the_room_will_never_take_is_not_tried_again(waiting: Waiting, door: Door) -> None:
    door.answers = [422]
    for _ in range(3):
        waiting.uploader.round()
        waiting.clock.passed_s += 1000
    assert len(door.uploads) == 1
    assert waiting.outbox.waiting_evidence() == []
    assert waiting.outbox.evidence_files() == [waiting.kept.file]


def test_a_file_that_is_gone_is_given_up(waiting: Waiting, door: Door) -> None:
    waiting.file.unlink()
    waiting.uploader.round()
    assert door.uploads == []
    assert waiting.outbox.waiting_evidence() == []


def test_a_room_that_is_away_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(httpx.ConnectError):
        waiting.uploader.round()
    assert waiting.file.exists()
    assert waiting.outbox.waiting_evidence() == [waiting.kept.file]
    waiting.uploader._client.close()
    waiting.outbox.close()


def test_answers() -> None:
    said = {status: judge(status) for status in (200, 201, 204, 409, 400, 413, 415, 422, 401, 403, 404, 408, 429, 500)}
    assert said == {
        **dict.fromkeys((200, 201, 204), "done"),
        **dict.fromkeys((400, 413, 415, 422), "refused"),
        **dict.fromkeys((401, 403, 404, 408, 409, 429, 500), "later"),
    }


def test_a_door_that_stays_shut_is_an_alarm_until_it_opens(waiting: Waiting, door: Door) -> None:
    door.answers = [401] * 100
    for _ in range(700):
        waiting.uploader.round()
        waiting.clock.passed_s += 1
    alarm = waiting.alarms.standing()[0]
    assert alarm.code == "upload_failing"
    assert str(alarm.parameters["reason"]).startswith("401")
    door.answers.clear()
    for _ in range(700):
        waiting.uploader.round()
        waiting.clock.passed_s += 1
    assert waiting.alarms.standing() == []


def test_the_room_tells_the_time_in_each_answer() -> None:
    assert clock_offset_s("Sun, 01 Mar 2026 11:59:20 GMT", START, 1.0) == 39.0
    assert clock_offset_s("Sun, 01 Mar 2026 12:00:30 GMT", START, 0.0) == -30.5
    unusable = ("", "yesterday", "Sun, 01 Mar 2026 11:59:20 -0000")
    assert [clock_offset_s(said, START, 0.0) for said in unusable] == [None] * 3


def with_clip(waiting: Waiting, clips: Clips) -> Kept:
    """One more file, a clip; `clips` says when it goes."""
    clip = waiting.folder.keep(b"moving" * 40_000, "clip", START)
    file = replace(clip.file, media_type="video/mp4")
    waiting.outbox.append(maker(waiting.clock), evidence=[file])
    waiting.uploader._clips = clips
    return clip


def test_clips_stay_until_they_are_asked_for(waiting: Waiting, door: Door) -> None:
    clip = with_clip(waiting, Clips("asked"))
    for _ in range(3):
        waiting.uploader.round()
    assert [upload.media_type for upload in door.uploads] == ["image/jpeg"]
    assert waiting.outbox.upload_again([clip.file.evidence_id]) == 1
    waiting.uploader.round()
    assert [upload.media_type for upload in door.uploads] == ["image/jpeg", "video/mp4"]


@pytest.mark.parametrize(("good_kbit_s", "gone"), [(0.001, 2), (1e9, 1)])
def test_clips_go_over_a_link_that_pictures_have_shown_to_be_good(
    waiting: Waiting, door: Door, good_kbit_s: float, gone: int
) -> None:
    with_clip(waiting, Clips("good_link", good_kbit_s))
    waiting.uploader.round()
    assert len(door.uploads) == 1
    waiting.uploader.round()
    assert len(door.uploads) == gone
