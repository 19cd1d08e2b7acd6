"""A sub stream is analysed while the packets of the main stream are kept, as they came and on one clock."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import av
import pytest

from edge.ring import PacketRing
from edge.source import SourceSettings
from edge.source.main_stream import MainStream
from tests.edge import clips
from tests.edge.clocks import HandClock

if TYPE_CHECKING:
    from pathlib import Path


def test_every_packet_is_kept_at_the_media_time_of_the_camera(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "main.mkv", 40, fps=10, gop=10)
    ring = PacketRing(span_s=60, limit_bytes=1_000_000)
    settings = SourceSettings(location=str(path), analysis_fps=5.0)
    main = MainStream(settings, clock=HandClock(), stop=Event(), sinks=[ring], media_time_s=lambda: 100.0)
    main.run()
    [stretch] = ring.between(0, 200)
    assert stretch.starts_s == pytest.approx(100.0)
    assert main.packets_copied == 40
    with av.open(str(path)) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size and not packet.is_keyframe]
    assert [len(packet.data) for packet in stretch.packets if not packet.key] == pytest.approx(sizes, abs=4)
    assert main.trouble == "the file has ended"


def test_it_says_why_it_keeps_nothing_and_tries_again(tmp_path: Path) -> None:
    path = tmp_path / "main.mkv"

    class MendingClock(HandClock):
        def wait(self, stop: Event, seconds: float) -> bool:
            said.append(main.trouble)
            if len(self.waits_s) == 2:
                clips.write(path, 10, fps=10)
            return super().wait(stop, seconds)

    said: list[str] = []
    settings = SourceSettings(location=str(path), analysis_fps=5.0)
    ring = PacketRing(span_s=60, limit_bytes=1_000_000)
    main = MainStream(settings, clock=MendingClock(), stop=Event(), sinks=[ring], media_time_s=lambda: 0.0)
    main.run()
    assert said == ["cannot be opened: no such file or directory"] * 3
    assert main.packets_copied == 10
