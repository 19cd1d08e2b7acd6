"""A camera with two RTSP streams, through the whole agent: one is recorded bit for bit, the other is analysed."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge import agent, config
from edge.clock import Clock
from edge.recording import Recordings
from tests.edge import clips
from tests.edge.broker import Broker, wait_until
from tests.edge.door import Door
from tests.edge.recording import packets
from tests.edge.test_reload import PacingDetector, pacing
from tests.edge.test_rtsp import Camera, skip_without_gstreamer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.source import StoredPacket

FPS = 10
LARGE_FROM = 2000
"""The main stream's pictures are numbered from here on, and twice as large."""
CONFIGURATION = """
[device]
id = "dev-1"
data_dir = "data"
[room]
url = "{url}"
token = "dev-1.secret"
[mqtt]
url = "mqtt://127.0.0.1:{port}"
[recording]
free_disk_mib = 0
segment_s = 2.0
[[camera]]
id = "placa"
name = "placa"
source = "{main}"
substream = "{sub}"
"""


def large(index: int) -> NDArray[np.uint8]:
    return np.repeat(np.repeat(pacing(LARGE_FROM + index), 2, 0), 2, 1)


def coded(stored: list[StoredPacket]) -> list[list[bytes]]:
    """The coded slices of each picture, without the parameter sets that the network carries its own way."""
    return [[unit for unit in packets.units(one.data) if unit[0] & 31 in {1, 5}] for one in stored]


@pytest.mark.usefixtures("patient_cameras")
def test_the_main_stream_is_recorded_as_it_came_while_the_sub_stream_is_analysed(tmp_path: Path) -> None:
    skip_without_gstreamer()
    path = clips.write(tmp_path / "main.mp4", 900, fps=FPS, picture=large)
    main, sub = Camera(path), Camera(clips.write(tmp_path / "sub.mp4", 900, fps=FPS, picture=pacing))
    broker, detector, stop = Broker(tmp_path), PacingDetector(), threading.Event()
    try:
        with Door() as door:
            text = CONFIGURATION.format(url=door.url, port=broker.port, main=main.url, sub=sub.url)
            (tmp_path / "edge.toml").write_text(text, encoding="utf-8")
            settings = config.load(tmp_path / "edge.toml")
            thread = threading.Thread(target=agent.run, args=(settings, detector, Clock(), stop), daemon=True)
            thread.start()
            folder = tmp_path / "data" / "recordings"
            wait_until(lambda: len(detector.numbers) >= 10, "pictures of the sub stream", within_s=180)
            wait_until(lambda: len(list(folder.rglob("*.mp4"))) >= 2, "segments of the main stream", within_s=180)
            stop.set()
            thread.join(60)
            assert not thread.is_alive()
    finally:
        for each in (main, sub, broker):
            each.kill()

    assert 0 < max(detector.numbers) < LARGE_FROM
    recordings = Recordings(folder, packets.settings(), Clock())
    now = Clock().now()
    stretches = list(recordings.packets("placa", now - timedelta(hours=1), now))
    recordings.close()
    assert {(one.facts.width_px, one.facts.height_px) for one in stretches} == {(320, 240)}
    sent = coded(packets.of(path)[1])
    for kept in (coded(one.packets) for one in stretches):
        first = sent.index(kept[0])
        assert kept == sent[first : first + len(kept)]
    assert sum(len(one.packets) for one in stretches) >= 2 * FPS
