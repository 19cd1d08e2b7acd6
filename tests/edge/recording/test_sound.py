"""A camera that sends sound: nothing that is kept of it or cut out of that has any."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from edge import clip
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from tests.edge.recording import packets

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ, FRAMES, FPS = 8000, 60, 10


def with_sound(path: Path, codec: str) -> Path:
    silent = clips.write(path.with_name("silent.mp4"), FRAMES, fps=FPS, gop=10, codec=codec)
    with av.open(str(silent)) as seen, av.open(str(path), "w") as output:
        pictures = output.add_stream_from_template(seen.streams.video[0])
        sound = output.add_stream("aac", rate=RATE_HZ, layout="mono")
        for packet in seen.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                output.mux(packet)
        for second in range(FRAMES // FPS):
            tone = np.sin(np.arange(RATE_HZ) * 0.3).astype(np.float32)[None]
            heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = RATE_HZ, second * RATE_HZ, Fraction(1, RATE_HZ)
            output.mux(sound.encode(heard))
        output.mux(sound.encode(None))
    return path


def kinds(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.type for stream in container.streams]


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_sound_is_in_no_segment_clip_or_copy(tmp_path: Path, codec: str) -> None:
    camera = with_sound(tmp_path / "camera.mp4", codec)
    assert sorted(kinds(camera)) == ["audio", "video"]
    recordings = packets.record(tmp_path / "recordings", camera, HandClock())
    span = "placa", START, START + timedelta(seconds=FRAMES / FPS)
    made = [
        *recordings.copy(*span, lambda: tmp_path / "copy.mp4", part_bytes=packets.MIB),
        *recordings.copy_for_viewing(*span, lambda: tmp_path / "viewed.mp4", part_bytes=packets.MIB),
    ]
    clip.write(
        tmp_path / "clip.mp4", list(recordings.packets(*span)), 0.0, limit_bytes=packets.MIB, given_up=lambda: False
    )
    segments = sorted((tmp_path / "recordings").rglob("*.mp4"))
    assert len(segments) == 3
    for path in (*segments, *(one.path for one in made), tmp_path / "clip.mp4"):
        assert kinds(path) == ["video"], path.name
        with av.open(str(path)) as container:
            assert sum(1 for _ in container.decode(video=0)) >= 20
    recordings.close()
