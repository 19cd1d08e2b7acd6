"""KLV beside a picture, over real RTSP: positions come, and what carries none is said."""

from __future__ import annotations

import subprocess
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from edge.flight.links import KlvLink
from tests.edge.broker import wait_until
from tests.edge.clocks import StandingClock
from tests.edge.test_rtsp import NEEDED, PYTHON, Camera
from tests.vision.telemetry.test_klv import packet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vision.telemetry.sample import Sample

SCRIPT = Path(__file__).with_name("klv_camera.py")
KLV_NEEDED = NEEDED + ";assert all(Gst.ElementFactory.find(name) for name in ('rtpklvpay', 'tsdemux'))"


class KlvCamera(Camera):
    """Serves a transport stream with its data."""

    def start(self) -> None:
        self._process = subprocess.Popen(
            [PYTHON, str(SCRIPT), str(self.port), str(self._path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the RTSP server")


@pytest.fixture(autouse=True)
def _needs_gstreamer() -> None:
    if subprocess.run([PYTHON, "-c", KLV_NEEDED], capture_output=True, check=False).returncode:
        pytest.skip("GStreamer's RTSP server is not on this machine, or lacks KLV")


def stream(path: Path, *, with_klv: bool) -> Path:
    """20 s at 10 pictures a second, with a packet of telemetry each half second."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10, options={"g": "10", "bf": "0", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        data = container.add_data_stream("klv") if with_klv else None
        for n in range(200):
            image = np.full((240, 320, 3), n % 200, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            if data is not None and n % 5 == 0:
                told = av.Packet(packet(n / 10))
                told.stream, told.time_base = data, Fraction(1, 1000)
                told.pts = told.dts = n * 100
                container.mux(told)
        container.mux(video.encode())
    return path


class Listening:
    def __init__(self, url: str) -> None:
        self.samples: list[Sample] = []
        self.link = KlvLink(url, StandingClock())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.link.run, args=(self._take, self._stop), daemon=True)
        self._thread.start()

    def _take(self, sample: Sample, _at: datetime) -> None:
        self.samples.append(sample)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[KlvCamera]:
    camera = KlvCamera(stream(tmp_path / "drone.ts", with_klv=True))
    yield camera
    camera.kill()


def test_positions_come_with_the_stream_of_the_picture(served: KlvCamera) -> None:
    listening = Listening(served.url)
    try:
        wait_until(lambda: len(listening.samples) >= 3, "three samples")
        assert (listening.samples[0].lat, listening.samples[0].lon) == pytest.approx((41.1, 1.24), abs=1e-4)
        assert listening.link.trouble() == ""
        assert "the aircraft's clock is" in listening.link.remark()
    finally:
        listening.close()


def test_a_stream_without_data_is_named(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    stream(clip, with_klv=False)
    camera = Camera(clip)
    listening = Listening(camera.url)
    try:
        wait_until(lambda: "cannot be read" in listening.link.trouble(), "the word for it")
        assert listening.samples == []
    finally:
        listening.close()
        camera.kill()
