"""A changed configuration is taken over while the agent runs; unchanged cameras lose neither a track nor a packet."""

from __future__ import annotations

import io
import subprocess
import threading
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from edge import agent, config
from edge.clock import Clock
from edge.errors import ConfigurationError
from edge.reload import changes
from edge.reload.configuration_file import ConfigurationFile
from tests.edge import clips
from tests.edge.broker import Broker, Room, wait_until
from tests.edge.door import Door
from tests.edge.test_rtsp import NEEDED, PYTHON, Camera
from vision.detect import Detection
from vision.frame import Frame
from vision.rules.base import Scene
from vision.track import Track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FPS = 10
OTHER = 2000
"""The other camera's pictures are numbered from here on."""
ROUND_TRIP = 120
"""Frames that the square takes to go over and come back; it turns at once, so slowly that looks 0.4 s apart meet."""


def pacing(index: int) -> NDArray[np.uint8]:
    """A picture with its number, and below it a square that goes to the right and back for ever."""
    image = np.full((120, 160, 3), 90, np.uint8)
    image[0:12] = clips.numbered(index)[0:12]
    share = 1 - abs(index % ROUND_TRIP / ROUND_TRIP * 2 - 1)
    left = round(5 + share * 120)
    image[60:110, left : left + 25] = 255
    return image


class PacingDetector:
    """Takes the square for a person, and notes the numbers of the pictures it was shown."""

    name = "pacing"
    sha256 = "2" * 64

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self.numbers.append(clips.number_of(image))
        columns = np.nonzero(image[85, :, 0] > 200)[0]
        if not len(columns):
            return []
        return [Detection("person", 0.9, (float(columns.min() / 160), 0.5, float((columns.max() + 1) / 160), 0.92))]


CONFIGURATION = """
[device]
id = "dev-1"
data_dir = "data"
[room]
url = "{url}"
token = "dev-1.secret"
[mqtt]
url = "mqtt://127.0.0.1:{port}"
[evidence]
before_s = 20.0
after_s = 1.0
longest_s = 30.0
free_disk_mib = 0
[[camera]]
id = "placa"
name = "{name}"
source = "{source}"
analysis_fps = 5.0
{zones}
[camera.rules.illegal_dumping]
enabled = false
[camera.rules.camera_tamper]
enabled = false
[camera.rules.intrusion]
enabled = {intrusion}
severity = "{severity}"
confirm_s = 0.5
clear_s = 1.0
{more}
"""
RIGHT = '[[camera.zones]]\nname = "right"\npoints = [[0.6, 0.0], [1.0, 0.0], [1.0, 1.0], [0.6, 1.0]]\n'
BOTTOM = '[[camera.zones]]\nname = "nowhere"\npoints = [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.1]]\n'
MASK = '[[camera.zones]]\nname = "roof"\nkind = "mask"\npoints = [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.1]]\n'
USUAL = {
    "url": "http://127.0.0.1:1",
    "port": 1,
    "source": "rtsp://127.0.0.1:1/live",
    "name": "Plaça",
    "severity": "medium",
    "intrusion": "true",
    "zones": RIGHT,
    "more": "",
}


def write(path: Path, **differences: Any) -> config.Settings:
    part = path.with_suffix(".part")
    part.write_text(CONFIGURATION.format(**{**USUAL, **differences}), encoding="utf-8")
    part.replace(path)
    return config.load(path)


class NotedFile(ConfigurationFile):
    """Notes the picture at which it is taken over anew."""

    def __init__(self, path: Path, hurry: threading.Event, detector: PacingDetector) -> None:
        super().__init__(path, hurry)
        self.taken_at: list[int] = []
        self._detector = detector

    def changed(self) -> config.Settings | None:
        found = super().changed()
        if found is not None:
            self.taken_at.append(max(number for number in self._detector.numbers if number < OTHER))
        return found


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Camera]:
    if subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, timeout=60, check=False).returncode != 0:
        pytest.skip("needs Debian's gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-good and -bad")
    started = Camera(clips.write(tmp_path / "pacing.mp4", 900, fps=FPS, picture=pacing))
    yield started
    started.kill()


@pytest.mark.usefixtures("patient_cameras")
def test_tracks_packets_and_events_go_on_over_a_reload(tmp_path: Path, broker: Broker, street: Camera) -> None:
    clips.write(tmp_path / "other.mp4", 20, fps=FPS, picture=lambda index: pacing(OTHER + index))
    room, detector, stop, hurry = Room(broker.port), PacingDetector(), threading.Event(), threading.Event()
    path = tmp_path / "edge.toml"
    with Door() as door:
        here = {"url": door.url, "port": broker.port, "source": street.url}
        settings = write(path, **here)
        file = NotedFile(path, hurry, detector)
        thread = threading.Thread(
            target=agent.run,
            args=(settings, detector, Clock(), stop),
            kwargs={"file": file},
            daemon=True,
        )
        thread.start()
        try:
            wait_until(lambda: bool(opened(room)), "the first event")
            second = '[[camera]]\nid = "other"\nname = "Other"\nsource = "file:other.mp4"\nrealtime = false\n'
            write(path, **here, name="Plaça Nova", severity="high", zones=RIGHT + BOTTOM, more=second)
            hurry.set()
            wait_until(lambda: names(room) == {"placa": "Plaça Nova", "other": "Other"}, "the new names")
            wait_until(lambda: opened(room)[-1]["severity"] == "high", "an event by the new rules")
            path.write_text('[device]\nid = "dev-1"\n', encoding="utf-8")
            wait_until(lambda: "configuration_refused" in alarms(room), "the alarm")
            write(path, **here, name="Plaça Nova", severity="high", zones=RIGHT + BOTTOM)
            wait_until(lambda: "configuration_refused" not in alarms(room), "the end of the alarm")
            wait_until(lambda: set(names(room)) == {"placa"}, "the sound file again")
            then = next(event for event in opened(room) if event["severity"] == "high")
            wait_until(lambda: bool(clip_of(door, then, room)), "its clip")
        finally:
            stop.set()
            thread.join(60)
            room.close()
        assert not thread.is_alive()
        first = opened(room)[0]
        severities = [event["severity"] for event in opened(room)]
        assert severities == sorted(severities, key=["medium", "high"].index)
        assert first["severity"] == "medium"
        assert len({event["objects"][0]["track_id"] for event in opened(room)}) == 1
        over = [event["event_id"] for event in room.events if event["phase"] == "closed"]
        assert over[0] == first["event_id"]
        placa = [number for number in detector.numbers if number < OTHER]
        assert placa == sorted(placa), "the camera was opened again"
        spanned = numbers_of(clip_of(door, then, room))
        assert spanned[0] < file.taken_at[0] < spanned[-1]
        assert spanned == list(range(spanned[0], spanned[-1] + 1)), "a packet is missing"


def opened(room: Room) -> list[dict[str, Any]]:
    return [event for event in room.events if event["phase"] == "opened" and event["camera_id"] == "placa"]


def names(room: Room) -> dict[str, str]:
    return {camera["camera_id"]: camera["name"] for camera in room.statuses[-1]["cameras"]}


def alarms(room: Room) -> list[str]:
    return [alarm["code"] for alarm in room.statuses[-1]["alarms"]]


def clip_of(door: Door, event: dict[str, Any], room: Room) -> bytes:
    """Empty as long as it is not there."""
    announced = {
        one["evidence_id"]
        for message in room.events
        if message["event_id"] == event["event_id"]
        for one in message["evidence"]
        if one["kind"] == "clip"
    }
    found = (upload.data for upload in door.uploads if upload.path.rpartition("/")[2] in announced)
    return next(found, b"")


def numbers_of(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data), "r") as found:
        images: list[Any] = [frame.to_ndarray(format="bgr24") for frame in found.decode(video=0)]
    return [clips.number_of(image) for image in images]


def section(**differences: Any) -> config.CameraSection:
    text = CONFIGURATION.format(**{**USUAL, **differences})
    return config.parse(tomllib.loads(text)).camera[0]


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ({"name": "Other"}, False),
        ({"severity": "low"}, False),
        ({"zones": RIGHT + BOTTOM}, False),
        ({"intrusion": "false"}, False),
        ({"source": "rtsp://127.0.0.1:2/live"}, True),
        ({"zones": RIGHT + MASK}, True),
    ],
)
def test_only_what_is_built_into_the_source_needs_it_anew(differences: dict[str, Any], *, expected: bool) -> None:
    assert changes.restarts(section(), section(**differences)) is expected


def scene(at_s: float) -> Scene:
    frame = Frame(np.zeros((120, 160, 3), np.uint8), round(at_s * 5), at_s, Clock().now(), discontinuity=False)
    box = (0.8, 0.5, 0.95, 0.9)
    return Scene(frame, [Track(1, "person", 0.9, box, 0.0, at_s, moved=True)], detected=True)


def test_rules_that_did_not_change_stay_and_others_take_over_what_was_open() -> None:
    had = section()
    intrusion = changes.rules_for([], had, had, 0.0)[0]
    told = [event for step in range(500, 520) for event in intrusion.update(scene(step / 5))]
    assert [event.phase for event in told] == ["opened"]
    assert changes.rules_for([intrusion], had, section(name="Other"), 104.0) == [intrusion]
    changed = changes.rules_for([intrusion], had, section(severity="high"), 104.0)
    assert changed[0] is not intrusion
    after = [
        event
        for step in range(520, 560)
        for event in changed[0].update(Scene(scene(step / 5).frame, [], detected=True))
    ]
    assert [(event.phase, event.occurrence) for event in after] == [("closed", told[0].occurrence)]
    assert 103.0 <= after[0].occurred_s <= 111.0
    assert changes.rules_for([intrusion], had, section(intrusion="false"), 104.0) == []


def test_a_change_of_the_device_needs_the_agent_anew(tmp_path: Path) -> None:
    had = write(tmp_path / "edge.toml")
    path = tmp_path / "edge.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"dev-1"', '"dev-2"'), encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"^device\.id: got 'dev-2' in place of 'dev-1'; allowed: a change only"
    ):
        changes.check(had, config.load(path))


def test_a_file_is_read_once_it_lies_still(tmp_path: Path) -> None:
    path, hurry = tmp_path / "edge.toml", threading.Event()
    write(path)
    file = ConfigurationFile(path, hurry)
    assert [file.changed(), file.changed()] == [None, None]
    path.write_text("[device]", encoding="utf-8")
    assert file.changed() is None
    write(path, name="Other")
    assert file.changed() is None
    found = file.changed()
    assert found is not None
    assert found.camera[0].name == "Other"
    assert file.changed() is None
    path.write_text("[device]", encoding="utf-8")
    assert file.changed() is None
    with pytest.raises(ConfigurationError, match=r"edge\.toml: device\.id: got nothing"):
        file.changed()
    assert file.changed() is None
    write(path)
    hurry.set()
    assert file.changed() is not None
    hurry.set()
    assert file.changed() is not None


def test_another_secret_in_the_same_file_is_noticed_though_nothing_says_so(tmp_path: Path) -> None:
    """As after a second enrolment: the agent's file is the same, the token beside it is not."""
    path, token, password = tmp_path / "edge.toml", tmp_path / "token", tmp_path / "camera.password"
    token.write_text("dev-1.first\n", encoding="ascii")
    password.write_text("one\n", encoding="ascii")
    write(path)
    text = path.read_text(encoding="utf-8").replace('token = "dev-1.secret"', 'token_file = "token"')
    text = text.replace("rtsp://", "rtsp://user@").replace(
        "analysis_fps", 'password_file = "camera.password"\nanalysis_fps'
    )
    path.write_text(text, encoding="utf-8")
    file = ConfigurationFile(path, threading.Event())
    first = file.watch(config.load(path))
    assert (first.of_senders, first.of_cameras) == (True, set())
    assert [file.changed(), file.changed()] == [None, None]
    token.write_text("dev-1.second\n", encoding="ascii")
    assert file.changed() is None
    found = file.changed()
    assert found is not None
    assert found.token() == "dev-1.second"
    second = file.watch(found)
    assert (second.of_senders, second.of_cameras) == (True, set())
    password.write_text("another\n", encoding="ascii")
    assert file.changed() is None
    found = file.changed()
    assert found is not None
    third = file.watch(found)
    assert (third.of_senders, third.of_cameras) == (False, {"placa"})
    assert [file.changed(), file.changed()] == [None, None]
