"""The source against a real RTSP server that is killed and frozen."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.clock import Clock
from edge.mask import Masks
from edge.ring import PacketRing
from edge.source import Source, SourceSettings, keep_open
from tests.edge import clips
from tests.edge.broker import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision.frame import Frame

SCRIPT = Path(__file__).with_name("rtsp_camera.py")
PYTHON = "/usr/bin/python3"
NEEDED = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('Gst', '1.0');"
    "from gi.repository import Gst; Gst.init(None);"
    "assert all(Gst.ElementFactory.find(name) for name in ('qtdemux', 'h264parse', 'rtph264pay'))"
)


class Camera:
    def __init__(self, path: Path) -> None:
        self.port = free_port()
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [PYTHON, str(SCRIPT), str(self.port), str(self._path)],
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
    """Reads the camera on a thread, as the agent does."""

    def __init__(self, url: str) -> None:
        self.frames: list[Frame] = []
        self.said: list[str] = []
        self.stop = threading.Event()
        self.ring = PacketRing(span_s=60, limit_bytes=10_000_000)
        settings = SourceSettings(location=url, analysis_fps=5.0, silence_s=2.0)
        self._source = Source(settings, masks=Masks([]), clock=Clock(), stop=self.stop, sinks=[self.ring])
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def lost(self, reason: str) -> None:
        self.said.append(reason)

    def back(self) -> None:
        if self.said[-1:] != ["back"]:
            self.said.append("back")

    def end(self) -> None:
        self.stop.set()
        self._thread.join(5)

    def _watch(self) -> None:
        self.frames.extend(keep_open(self._source, clock=Clock(), stop=self.stop, report=self))


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    tried = subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, timeout=60, check=False)
    if tried.returncode != 0:
        pytest.skip("needs Debian's gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-good and -bad")
    started = Camera(clips.write(tmp_path / "a.mp4", 600, fps=10))
    yield started
    started.kill()


def test_a_camera_that_is_killed_and_one_that_freezes_come_back(camera: Camera) -> None:
    watcher = Watcher(camera.url)
    wait_until(lambda: len(watcher.frames) > 5, "pictures")
    camera.kill()
    wait_until(lambda: "back" in watcher.said[:1] and len(watcher.said) > 1, "the loss is told")
    camera.start()
    wait_until(lambda: watcher.said[-1] == "back", "pictures again")
    lost_first = next(reason for reason in watcher.said if reason != "back")
    told = len(watcher.said)
    camera.freeze()
    wait_until(lambda: len(watcher.said) > told, "the silence is told", within_s=6)
    lost_then = watcher.said[told]
    camera.kill()
    camera.start()
    wait_until(lambda: watcher.said[-1] == "back", "pictures once more")
    watcher.end()
    assert lost_first == "the stream ended"
    assert "no data in time" in lost_then
    check_frames(watcher.frames)
    stretches = watcher.ring.between(0, 1e9)
    assert len(stretches) == 3
    assert all(stretch.packets[0].key for stretch in stretches)


def check_frames(frames: list[Frame]) -> None:
    """Time and number go on, and each return is a discontinuity; the gap is as long as it was."""
    times = [frame.media_time_s for frame in frames]
    indices = [frame.index for frame in frames]
    assert times == sorted(times)
    assert indices == sorted(set(indices))
    seams = [number for number, frame in enumerate(frames) if frame.discontinuity]
    assert len(seams) == 2
    for seam in seams:
        away_s = (frames[seam].captured_at - frames[seam - 1].captured_at).total_seconds()
        assert times[seam] - times[seam - 1] == pytest.approx(away_s, abs=1.5)
