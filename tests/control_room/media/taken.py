"""Streams as the media process would have them, for what brings pictures into it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import numpy as np

from control_room.media.arriving import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from av.video.codeccontext import VideoCodecContext

    from control_room.media.flv import Codec

DEADLINE_S = 90
TICKS = Fraction(1, 90_000)


@dataclass
class Taken:
    """One stream."""

    stream: str
    codec: Codec
    units: list[tuple[bytes, int, bool]] = field(default_factory=list)
    ended: str | None = None

    def take(self, data: bytes, *, shown_ticks: int, key: bool) -> None:
        self.units.append((data, shown_ticks, key))

    def end(self, why: str) -> None:
        assert self.ended is None
        self.ended = why


@dataclass
class Streams:
    """All that were opened."""

    taken: list[Taken] = field(default_factory=list)
    full: bool = False

    def __call__(self, stream: str, codec: Codec) -> Taken:
        if self.full:
            raise RefusedError("there are as many streams as may be")
        self.taken.append(Taken(stream, codec))
        return self.taken[-1]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - a socket's other end tells nobody
            await asyncio.sleep(0.02)


def decoded(units: list[tuple[bytes, int, bool]], codec: str) -> int:
    """How many pictures a decoder makes of them."""
    decoder = cast("VideoCodecContext", av.CodecContext.create(codec, "r"))
    pictures = 0
    for data, shown, _ in units:
        packet = av.Packet(data)
        packet.pts, packet.time_base = shown, TICKS
        pictures += len(decoder.decode(packet))
    return pictures + len(decoder.decode(None))


def write_clip(path: Path, codec: str, pictures: int, fps: int = 25) -> None:
    """A small one whose picture changes, with a key picture every ten."""
    with av.open(str(path), "w") as output:
        stream = cast("av.VideoStream", output.add_stream(codec, rate=fps, options=_options(codec)))
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 320, 240, "yuv420p", 10
        for frame in _pictures(pictures):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def coded(codec: str, pictures: int) -> list[tuple[bytes, int, bool]]:
    """Access units of 25 pictures a second with start codes, a key picture every ten."""
    encoder = cast("VideoCodecContext", av.CodecContext.create(codec, "w"))
    encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, 25), Fraction(25), 10
    encoder.options = _options(codec)
    packets = [packet for frame in _pictures(pictures) for packet in encoder.encode(frame)] + encoder.encode(None)
    return [(bytes(packet), (packet.pts or 0) * 3600, packet.is_keyframe) for packet in packets]


def _options(codec: str) -> dict[str, str]:
    quick = {"preset": "ultrafast", "tune": "zerolatency"}
    if codec == "libx265":
        return quick | {"x265-params": "keyint=10:repeat-headers=1:log-level=none:pools=1:frame-threads=1"}
    return quick | {"threads": "1"}


def _pictures(count: int) -> Iterator[av.VideoFrame]:
    for at in range(count):
        picture = np.full((240, 320, 3), at * 7 % 256, np.uint8)
        picture[at % 200 : at % 200 + 40, 100:180] = 255
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = at, Fraction(1, 25)
        yield frame
