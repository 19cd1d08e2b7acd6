"""The source against a real RTSP server that is killed and frozen."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.clock import Clock
from edge.mask import Masks
from edge.ring import PacketRing
from edge.source import Source, SourceSettings, keep_open
from tests.edge import clips
from tests.edge.broker import free_port, wait_until
from tests.edge.clocks import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.source import ClockWitness
    from vision.frame import Frame

SOON_S, AWAY_S = 2.0, 100.0
ROUNDED = timedelta(seconds=2)
SCRIPT = Path(__file__).with_name("rtsp_camera.py")
PYTHON = "/usr/bin/python3"
NEEDED = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('Gst', '1.0');"
    "from gi.repository import Gst; Gst.init(None);"
    "assert all(Gst.ElementFactory.find(name) for name in ('qtdemux', 'h264parse', 'rtph264pay'))"
)


class Camera:
    def __init__(self, path: Path, codec: str = "h264") -> None:
        self.port = free_port()
        self._path = path
        self._codec = codec
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [PYTHON, str(SCRIPT), str(self.port), str(self._path), self._codec],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the RTSP server")

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Watcher:
    """Reads the camera on a thread, as the agent does; only the test moves its `clock`, where it is given one."""

    def __init__(self, url: str, *, silence_s: float = 60.0, clock: Clock | None = None) -> None:
        self.frames: list[Frame] = []
        self.said: list[str] = []
        self.witnessed: list[ClockWitness] = []
        self.stop = threading.Event()
        self.ring = PacketRing(span_s=10 * AWAY_S, limit_bytes=10_000_000)
        settings = SourceSettings(location=url, analysis_fps=5.0, silence_s=silence_s)
        self.source = Source(
            settings,
            masks=Masks([]),
            clock=clock or Clock(),
            stop=self.stop,
            sinks=[self.ring],
            witnessed=self.witnessed.append,
        )
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def lost(self, reason: str) -> None:
        self.said.append(reason)

    def back(self) -> None:
        if self.said[-1:] != ["back"]:
            self.said.append("back")

    def next_opened_within(self, silence_s: float) -> None:
        """For the connections that come."""
        self.source.settings = replace(self.source.settings, silence_s=silence_s)

    def end(self) -> None:
        self.stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _watch(self) -> None:
        self.frames.extend(keep_open(self.source, clock=Clock(), stop=self.stop, report=self))


def skip_without_gstreamer() -> None:
    tried = subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, timeout=60, check=False)
    if tried.returncode != 0:
        pytest.skip("needs Debian's gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-good and -bad")


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    skip_without_gstreamer()
    started = Camera(clips.write(tmp_path / "a.mp4", 600, fps=10))
    yield started
    started.kill()


def test_a_camera_that_is_killed_and_one_that_freezes_come_back(camera: Camera) -> None:
    clock = HandClock()
    watcher = Watcher(camera.url, clock=clock)
    wait_until(lambda: len(watcher.frames) > 5, "pictures")
    camera.kill()
    wait_until(lambda: "back" in watcher.said[:1] and len(watcher.said) > 1, "the loss is told")
    assert watcher.said[1] == "the stream ended"
    watcher.next_opened_within(SOON_S)
    clock.passed_s = AWAY_S
    camera.start()
    wait_until(lambda: watcher.said[-1] == "back", "pictures again")
    told = len(watcher.said)
    camera.freeze()
    wait_until(lambda: any("no data in time" in reason for reason in watcher.said[told:]), "the silence is told")
    watcher.next_opened_within(60.0)
    clock.passed_s = 3 * AWAY_S
    camera.kill()
    camera.start()
    wait_until(lambda: watcher.said[-1] == "back", "pictures once more")
    watcher.end()
    connections = watcher.said.count("back")
    assert connections >= 3
    assert check_frames(watcher.frames) == connections - 1
    stretches = watcher.ring.between(0, 1e11)
    assert len(stretches) == connections
    assert all(stretch.packets[0].key for stretch in stretches)


def check_frames(frames: list[Frame]) -> int:
    """Time and number go on, and each return is a discontinuity; the gap is as long as it was. How many there are."""
    times = [frame.media_time_s for frame in frames]
    indices = [frame.index for frame in frames]
    assert times == sorted(times)
    assert indices == sorted(set(indices))
    seams = [number for number, frame in enumerate(frames) if frame.discontinuity]
    gaps = [(frames[seam].captured_at - frames[seam - 1].captured_at).total_seconds() for seam in seams]
    assert [gap_s for gap_s in gaps if gap_s] == [AWAY_S, 2 * AWAY_S]
    assert [times[seam] - times[seam - 1] for seam in seams] == pytest.approx(gaps, abs=0.1)
    return len(seams)


def test_the_cameras_own_clock_is_witnessed(camera: Camera) -> None:
    """It comes with a sender report some seconds after the first picture. Camera and device are one machine here."""
    began = Clock().now()
    watcher = Watcher(camera.url)
    wait_until(lambda: watcher.witnessed[-1:] != [] and watcher.witnessed[-1].camera_by == "rtcp", "its report")
    watcher.end()
    assert watcher.witnessed[0].opened
    told = watcher.witnessed[-1]
    assert told.camera_at is not None
    assert began - ROUNDED < told.camera_at < told.at + ROUNDED
    assert told.camera_offset_s == pytest.approx((told.camera_at - told.at).total_seconds(), abs=0.001)


def test_h265(tmp_path: Path) -> None:
    skip_without_gstreamer()
    camera = Camera(clips.write(tmp_path / "a.mp4", 300, fps=10, codec="libx265"), "h265")
    watcher = Watcher(camera.url)
    wait_until(lambda: len(watcher.frames) > 5, "pictures")
    watcher.end()
    camera.kill()
    [stretch] = watcher.ring.between(0, 1e9)
    assert stretch.facts.codec == "hevc"
    numbers = [clips.number_of(frame.image) for frame in watcher.frames]
    assert numbers == sorted(set(numbers))


GARBAGE = b"\x00\xffnobody reads this\r\n" * 1000


@pytest.mark.parametrize(
    "answer", [GARBAGE, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n", b""], ids=["garbage", "half an answer", "silence"]
)
def test_what_is_no_camera_is_said_and_tried_again(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        answering = threading.Thread(target=_answer_all, args=(server, answer, held), daemon=True)
        answering.start()
        watcher = Watcher(f"rtsp://guard:secret@127.0.0.1:{server.getsockname()[1]}/live", silence_s=SOON_S)
        wait_until(lambda: len(watcher.said) > 1, "two tries")
        watcher.end()
        server.shutdown(socket.SHUT_RDWR)
        answering.join(60)
    for connection in held:
        connection.close()
    assert not answering.is_alive()
    assert watcher.frames == []
    assert set(watcher.said) <= {
        "does not answer as a camera does, or not in time",
        "cannot be opened: no data in time",
    }


def _answer_all(server: socket.socket, answer: bytes, held: list[socket.socket]) -> None:
    while True:
        try:
            held.append(server.accept()[0])
        except OSError:
            return
        with suppress(OSError):  # who asked has gone already
            held[-1].sendall(answer)
