"""The whole agent on one moving square: camera, rule, outbox, broker, uploads; killed cameras and a clean end."""

from __future__ import annotations

import io
import sqlite3
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
import pytest

from edge import agent, config, faults, fsck, senders
from edge.clock import Clock
from edge.errors import EdgeError
from edge.outbox import FILE_NAME, Outbox
from tests.edge import clips
from tests.edge.broker import Broker, Room, wait_until
from tests.edge.door import Door
from vision.detect import Detection

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.edge.live.receiver import WhipRoom


class SquareDetector:
    """Takes a bright square for a person."""

    name = "square"
    sha256 = "1" * 64

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        rows, columns = np.nonzero(image[:, :, 0] > 200)
        if not len(rows):
            return []
        height, width = image.shape[:2]
        box = (
            float(columns.min() / width),
            float(rows.min() / height),
            float((columns.max() + 1) / width),
            float((rows.max() + 1) / height),
        )
        return [Detection("person", 0.9, box)]


class HeldDetector(SquareDetector):
    """Its first picture takes until it may go on, and with it the camera."""

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self.asked.set()
        assert self.go_on.wait(240)
        return super().detect(image)


def walk(index: int) -> NDArray[np.uint8]:
    """From the left into the right half, where the zone is; below the mask, which covers the upper third."""
    image = np.full((240, 320, 3), 90, np.uint8)
    image[:60] = 180
    left = min(10 + 4 * max(0, index - 30), 240)
    image[120:220, left : left + 40] = 255
    return image


CAMERA = """
[[camera]]
id = "{id}"
name = "{id}"
source = "file:{file}"
realtime = false
staged = true
lat = 41.1
lon = 1.2
[[camera.zones]]
name = "square"
points = [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]
{mask}
[camera.rules.illegal_dumping]
enabled = false
[camera.rules.intrusion]
enabled = true
"""
MASK = '[[camera.zones]]\nname = "windows"\nkind = "mask"\npoints = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.2], [0.0, 0.2]]'


def write_config(folder: Path, broker: Broker, door: Door | WhipRoom, cameras: str) -> config.Settings:
    path = folder / "edge.toml"
    path.write_text(
        f'[device]\nid = "dev-1"\ndata_dir = "data"\n[room]\nurl = "{door.url}"\ntoken = "dev-1.secret"\n'
        f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}"\n'
        f"[evidence]\nbefore_s = 2.0\nafter_s = 3.0\nlongest_s = 20.0\nfree_disk_mib = 0\n{cameras}",
        encoding="utf-8",
    )
    return config.load(path)


class Running:
    def __init__(
        self, settings: config.Settings, detector: SquareDetector | None = None, clock: Clock | None = None
    ) -> None:
        self.stop = threading.Event()
        self._fault: list[BaseException] = []
        args = settings, detector or SquareDetector(), clock or Clock()
        self._thread = threading.Thread(target=self._run, args=args, daemon=True)
        self._thread.start()

    def _run(self, settings: config.Settings, detector: SquareDetector, clock: Clock) -> None:
        try:
            agent.run(settings, detector, clock, self.stop)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self._fault.append(error)

    def end(self) -> None:
        self.stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self._fault == []


def count(data_dir: Path, of: str) -> int:
    """In the outbox of an agent that runs."""
    with (
        suppress(sqlite3.OperationalError),  # it is being made
        closing(sqlite3.connect(f"file:{data_dir / FILE_NAME}?mode=ro", uri=True)) as outbox,
    ):
        return int(outbox.execute(f"select count(*) from {of}").fetchone()[0])  # noqa: S608 - our own words
    return 0


def test_from_the_camera_to_the_room(tmp_path: Path, broker: Broker, room: Room, door: Door) -> None:
    clips.write(tmp_path / "walk.mp4", 200, fps=10, picture=walk)
    settings = write_config(tmp_path, broker, door, CAMERA.format(id="placa", file="walk.mp4", mask=MASK))
    detector = HeldDetector()
    running = Running(settings, detector)
    wait_until(lambda: bool(room.statuses), "the first status")
    assert room.statuses[0]["cameras"][0]["state"] in {"starting", "live"}
    detector.go_on.set()
    wait_until(lambda: len(room.events) >= 2, "the event and its clip")
    wait_until(lambda: count(settings.data_dir, "evidence where uploaded_at is not null") == 3, "three files")
    running.end()
    wait_until(lambda: not room.statuses[-1]["online"], "the farewell")
    assert [(event["phase"], event["sequence"]) for event in room.events] == [("opened", 1), ("updated", 2)]
    opened, updated = room.events
    assert {key: opened[key] for key in ("device_id", "camera_id", "rule", "zone", "location", "model")} == {
        "device_id": "dev-1",
        "camera_id": "placa",
        "rule": "intrusion",
        "zone": "square",
        "location": {"lat": 41.1, "lon": 1.2, "accuracy_m": 10.0},
        "model": {"name": "square", "sha256": "1" * 64},
    }
    assert opened["attributes"]["staged"] is True
    assert updated["event_id"] == opened["event_id"]
    assert updated["occurred_at"] == opened["occurred_at"]
    announced = {one["evidence_id"]: one for one in [*opened["evidence"], *updated["evidence"]]}
    assert [one["kind"] for one in announced.values()] == ["snapshot", "snapshot_annotated", "clip"]
    sent = {upload.path.rpartition("/")[2]: upload for upload in door.uploads}
    assert {key: (one["sha256"], one["bytes"], one["media_type"]) for key, one in announced.items()} == {
        key: (upload.sha256, len(upload.data), upload.media_type) for key, upload in sent.items()
    }
    assert {path.name for path in (tmp_path / "data" / "evidence").iterdir()} == set(announced)
    pictures = {one["kind"]: sent[key].data for key, one in announced.items()}
    check_pictures(pictures["snapshot"], pictures["snapshot_annotated"])
    check_clip(pictures["clip"])
    assert (fsck.check(settings.data_dir).checked, fsck.check(settings.data_dir).violations) == (2, [])


def decoded(jpeg: bytes) -> NDArray[np.int16]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.int16)


def check_pictures(plain: bytes, drawn: bytes) -> None:
    """The mask is black in both; only the copy has boxes, and they are where the square is."""
    image, annotated = decoded(plain), decoded(drawn)
    assert image[:44].max() < 12
    assert np.abs(image - annotated).max(axis=2)[100:].max() > 80
    assert np.abs(image - annotated)[120:].max(axis=(0, 2))[:100].max() < 40
    left = int(np.nonzero(image[170, :, 0] > 200)[0].min())
    assert annotated[170, left - 1 : left + 2].min() < 120


def check_clip(content: bytes) -> None:
    """Masked, so coded again: two seconds before the rule's beginning to three after it was sure."""
    with av.open(io.BytesIO(content), "r") as opened:
        frames = list(opened.decode(video=0))
        images: list[Any] = [frame.to_ndarray(format="bgr24") for frame in frames]
    assert 50 <= len(frames) <= 75
    assert frames[0].key_frame
    assert max(int(image[:40].max()) for image in images) < 16
    assert min(int(image[64:100].max()) for image in images) > 60


def test_one_broken_camera_disturbs_no_other(tmp_path: Path, broker: Broker, room: Room, door: Door) -> None:
    clips.write(tmp_path / "walk.mp4", 200, fps=10, picture=walk)
    (tmp_path / "empty.mp4").write_bytes(b"")
    cameras = "".join(CAMERA.format(id=name, file=f"{name}.mp4", mask="") for name in ("empty", "absent", "walk"))
    running = Running(write_config(tmp_path, broker, door, cameras))
    wait_until(lambda: len(room.events) >= 2, "the event and its clip")
    wait_until(
        lambda: (
            {camera["camera_id"]: camera["state"] for camera in room.statuses[-1]["cameras"]}
            == {"empty": "dark", "absent": "dark", "walk": "dark"}
        ),
        "each camera's state",
    )
    running.end()
    assert {event["camera_id"] for event in room.events} == {"walk"}
    assert {camera["camera_id"]: camera["reason"] for camera in room.statuses[-1]["cameras"]} == {
        "empty": "is empty (0 bytes)",
        "absent": "cannot be opened: no such file or directory",
        "walk": "the file has ended",
    }


def test_a_restart_goes_on_with_the_open_event(tmp_path: Path, broker: Broker, room: Room, door: Door) -> None:
    clips.write(tmp_path / "walk.mp4", 200, fps=10, picture=walk)
    settings = write_config(tmp_path, broker, door, CAMERA.format(id="placa", file="walk.mp4", mask=""))
    running = Running(settings)
    wait_until(lambda: len(room.events) >= 2, "the event and its clip")
    running.end()
    clips.write(tmp_path / "walk.mp4", 200, fps=10, picture=lambda index: walk(0 if index < 200 else index))
    running = Running(settings)
    wait_until(lambda: any(event["phase"] == "closed" for event in room.events), "the end of the event")
    running.end()
    said = [(event["sequence"], event["phase"]) for event in room.events]
    assert said == [(1, "opened"), (2, "updated"), (3, "closed")]
    assert len({event["event_id"] for event in room.events}) == 1
    assert room.events[2]["attributes"]["began_at"] == room.events[0]["attributes"]["began_at"]


def test_with_broker_and_room_away_everything_waits_on_the_disk(tmp_path: Path, broker: Broker) -> None:
    clips.write(tmp_path / "walk.mp4", 200, fps=10, picture=walk)
    away = Door(url="http://127.0.0.1:9")
    settings = write_config(tmp_path, broker, away, CAMERA.format(id="placa", file="walk.mp4", mask=""))
    broker.kill()
    running = Running(settings)
    wait_until(lambda: count(settings.data_dir, "messages") == 2, "the event and its clip")
    running.end()
    outbox = Outbox(tmp_path / "data" / FILE_NAME, Clock())
    assert outbox.counts().pending == 2
    assert len(outbox.waiting_evidence()) == 3
    outbox.close()
    assert fsck.check(tmp_path / "data").violations == []


def test_a_second_agent_on_the_same_folder_is_refused(tmp_path: Path, broker: Broker, door: Door) -> None:
    clips.write(tmp_path / "walk.mp4", 20, fps=10, picture=walk)
    settings = write_config(tmp_path, broker, door, CAMERA.format(id="placa", file="walk.mp4", mask=""))
    running = Running(settings)
    wait_until((tmp_path / "data" / FILE_NAME).exists, "the first agent")
    with pytest.raises(EdgeError, match="another agent is running"):
        agent.run(settings, SquareDetector(), Clock(), threading.Event())
    running.end()


def test_an_agent_of_which_a_thread_hangs_ends_within_five_seconds_all_the_same(tmp_path: Path, broker: Broker) -> None:
    clips.write(tmp_path / "walk.mp4", 20, fps=10, picture=walk)
    away = Door(url="http://127.0.0.1:9")
    settings = write_config(tmp_path, broker, away, CAMERA.format(id="placa", file="walk.mp4", mask=""))
    detector = HeldDetector()
    running = Running(settings, detector)
    assert detector.asked.wait(60)
    [hanging] = [one for one in threading.enumerate() if one.name == "placa-all"]
    running.end()
    assert hanging.is_alive()
    waits_s = agent._CAMERAS_LEAVE_S, agent._CLIPS_LEAVE_S, senders._LEAVE_S, agent._COMMANDS_LEAVE_S
    assert sum(waits_s) < 5
    detector.go_on.set()
    hanging.join(60)
    assert not hanging.is_alive()


class HoldingClock(Clock):
    """Who has met a fault goes on when he is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        if seconds == faults._FAULT_PAUSE_S:
            assert self.go_on.wait(120)
            return stop.is_set()
        return super().wait(stop, seconds)


class FaultyDetector(SquareDetector):
    """Breaks down once, as native code does on a bad day."""

    def __init__(self) -> None:
        self.calls = 0

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self.calls += 1
        if self.calls == 4:
            raise RuntimeError("out of luck")
        return super().detect(image)


def test_a_fault_in_the_analysis_is_said_and_begun_again(
    tmp_path: Path, broker: Broker, room: Room, door: Door
) -> None:
    clips.write(tmp_path / "walk.mp4", 200, fps=10, picture=walk)
    settings = write_config(tmp_path, broker, door, CAMERA.format(id="placa", file="walk.mp4", mask=""))
    clock = HoldingClock()
    running = Running(settings, FaultyDetector(), clock)

    def reasons() -> set[str]:
        return {status["cameras"][0]["reason"] for status in room.statuses}

    wait_until(lambda: "internal fault: RuntimeError" in reasons(), "the word for it")
    assert room.events == []
    clock.go_on.set()
    wait_until(lambda: bool(room.events), "the event")
    running.end()
    assert room.events[0]["phase"] == "opened"


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path, broker: Broker, door: Door) -> None:
    clips.write(tmp_path / "walk.mp4", 20, fps=10, picture=walk)
    settings = write_config(tmp_path, broker, door, CAMERA.format(id="placa", file="walk.mp4", mask=""))
    (tmp_path / "data").write_text("a file is in the way", encoding="ascii")
    with pytest.raises(EdgeError, match=r"device\.data_dir: got '.*data'; allowed: a folder that can be written"):
        agent.run(settings, SquareDetector(), Clock(), threading.Event())
