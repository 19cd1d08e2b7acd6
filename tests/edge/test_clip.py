"""Clips play from their first byte, show their seconds, and nothing that is masked."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from edge import clip
from edge.errors import ClipError
from edge.mask import Masks
from edge.ring import PacketRing
from edge.source import Source, SourceSettings
from tests.edge import clips
from tests.edge.clocks import START, HandClock

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Seen:
    codec: str
    duration_s: float
    first_is_key: bool
    images: list[NDArray[np.uint8]]
    moov_before_pictures: bool
    streams: int


def look(path: Path) -> Seen:
    content = path.read_bytes()
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        frames = list(opened.decode(stream))
        return Seen(
            codec=stream.codec_context.name,
            duration_s=float((stream.duration or 0) * (stream.time_base or 0)),
            first_is_key=frames[0].key_frame,
            images=[Masks([]).painted(frame) for frame in frames],
            moov_before_pictures=content.index(b"moov") < content.index(b"mdat"),
            streams=len(opened.streams),
        )


def filled_ring(path: Path, until_s: float, *, loop: bool = False) -> PacketRing:
    ring = PacketRing(span_s=60, limit_bytes=64_000_000)
    clock = HandClock()
    settings = SourceSettings(location=str(path), analysis_fps=5.0, loop=loop, realtime=True)
    frames = Source(settings, masks=Masks([]), clock=clock, stop=Event(), sinks=[ring]).frames()
    for frame in frames:
        if frame.media_time_s >= until_s:
            break
    frames.close()
    return ring


def cut(ring: PacketRing, path: Path, from_s: float, until_s: float, *, limit: int = LIMIT_BYTES) -> Seen:
    clip.write(path, ring.between(from_s, until_s), from_s, limit_bytes=limit, given_up=lambda: False)
    return look(path)


def test_h264_is_copied_from_the_key_frame_before(tmp_path: Path) -> None:
    ring = filled_ring(clips.write(tmp_path / "a.mp4", 300, fps=10, gop=20), 28)
    seen = cut(ring, tmp_path / "c.mp4", 11.0, 26.0)
    assert (seen.codec, seen.first_is_key, seen.moov_before_pictures, seen.streams) == ("h264", True, True, 1)
    assert [clips.number_of(image) for image in seen.images] == list(range(100, 261))
    assert seen.duration_s == pytest.approx(16.1)


@pytest.mark.parametrize(("codec", "container"), [("mpeg4", "avi"), ("mjpeg", "avi"), ("libx265", "mp4")])
def test_other_codecs_become_h264_of_exactly_those_seconds(tmp_path: Path, codec: str, container: str) -> None:
    ring = filled_ring(clips.write(tmp_path / f"a.{container}", 300, fps=10, codec=codec, gop=40), 28)
    seen = cut(ring, tmp_path / "c.mp4", 11.0, 26.0)
    assert (seen.codec, seen.first_is_key, seen.moov_before_pictures) == ("h264", True, True)
    assert [clips.number_of(image) for image in seen.images] == list(range(110, 261))
    assert seen.duration_s == pytest.approx(15.1, abs=0.11)


def test_pictures_that_are_stored_out_of_order_come_in_order(tmp_path: Path) -> None:
    ring = filled_ring(clips.write(tmp_path / "a.mp4", 200, fps=10, gop=20, b_frames=2), 18)
    seen = cut(ring, tmp_path / "c.mp4", 4.0, 12.0)
    numbers = [clips.number_of(image) for image in seen.images]
    assert numbers == sorted(numbers)
    assert set(range(40, 118)) <= set(numbers)


def test_a_clip_goes_on_over_the_seam_of_a_loop(tmp_path: Path) -> None:
    ring = filled_ring(clips.write(tmp_path / "a.mp4", 100, fps=10), 14, loop=True)
    seen = cut(ring, tmp_path / "c.mp4", 7.0, 12.0)
    assert [clips.number_of(image) for image in seen.images] == [*range(70, 100), *range(21)]
    assert seen.duration_s == pytest.approx(5.1, abs=0.1)


def test_what_would_be_too_large_to_upload_is_coded_again(tmp_path: Path) -> None:
    noise = np.random.default_rng(7)

    def busy(_: int) -> NDArray[np.uint8]:
        return noise.integers(0, 255, (120, 160, 3), dtype=np.uint8)

    ring = filled_ring(clips.write(tmp_path / "a.mp4", 100, picture=busy), 9)
    held = sum(len(packet.data) for stretch in ring.between(0, 8) for packet in stretch.packets)
    cut(ring, tmp_path / "c.mp4", 0.0, 8.0, limit=held // 2)
    assert (tmp_path / "c.mp4").stat().st_size < held // 2


def test_times_of_the_device_are_kept_with_the_clip(tmp_path: Path) -> None:
    ring = filled_ring(clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10), 9)
    written = clip.write(tmp_path / "c.mp4", ring.between(2, 7), 2, limit_bytes=LIMIT_BYTES, given_up=lambda: False)
    assert (written.captured_from - START).total_seconds() == pytest.approx(2.0, abs=0.11)
    assert (written.captured_to - START).total_seconds() == pytest.approx(7.0, abs=0.11)


def test_nothing_kept_and_giving_up_are_said(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="nothing of that time"):
        clip.write(tmp_path / "c.mp4", [], 0, limit_bytes=LIMIT_BYTES, given_up=lambda: False)
    ring = filled_ring(clips.write(tmp_path / "a.avi", 50, codec="mpeg4"), 4)
    with pytest.raises(ClipError, match="the agent stopped"):
        clip.write(tmp_path / "d.mp4", ring.between(0, 4), 0, limit_bytes=LIMIT_BYTES, given_up=lambda: True)
