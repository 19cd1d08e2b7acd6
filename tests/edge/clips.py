"""Makes small videos for the tests; nothing of them is kept in the repository."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 160, 120
_DIGITS = 12


def numbered(index: int) -> NDArray[np.uint8]:
    """A grey picture that carries its own number as a row of black and white squares."""
    image = np.full((HEIGHT_PX, WIDTH_PX, 3), 128, np.uint8)
    for bit in range(_DIGITS):
        image[0:12, bit * 12 : bit * 12 + 12] = 255 if index >> bit & 1 else 0
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    return sum(1 << bit for bit in range(_DIGITS) if image[6, bit * 12 + 6].mean() > 128)


def write(  # noqa: PLR0917 - a row of plain facts
    path: Path,
    frames: int,
    fps: int = 10,
    codec: str = "libx264",
    gop: int = 10,
    picture: Callable[[int], NDArray[np.uint8]] = numbered,
    format_name: str | None = None,
    b_frames: int = 0,
) -> Path:
    with av.open(str(path), "w", format=format_name) as output:
        stream = cast("av.VideoStream", output.add_stream(codec, rate=fps))
        first = picture(0)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if codec != "libx264":
            stream.bit_rate = 2_000_000
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        stream.codec_context.thread_count = 1
        if codec == "libx265":
            stream.codec_context.options = {"preset": "ultrafast", "x265-params": "log-level=none:pools=none"}
        if codec == "libx264":
            stream.codec_context.options = {"preset": "ultrafast", "sc_threshold": "0"}
        stream.codec_context.time_base = Fraction(1, fps)
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def repeat(path: Path, times: int) -> Path:
    """The same pictures again and again in one file: a camera that is not opened anew at their end."""
    longer = path.with_stem(f"{path.stem}-{times}")
    with av.open(str(path)) as source, av.open(str(longer), "w") as target:
        seen = source.streams.video[0]
        stream = target.add_stream_from_template(seen)
        taken = [one for one in source.demux(seen) if one.pts is not None and one.dts is not None]
        length = sum(one.duration or 0 for one in taken)
        for number in range(times):
            for one in taken:
                packet = cast("av.Packet[av.VideoStream]", av.Packet(bytes(one)))
                packet.pts, packet.dts = cast("int", one.pts) + number * length, cast("int", one.dts) + number * length
                packet.duration, packet.time_base = one.duration, one.time_base
                packet.is_keyframe, packet.stream = one.is_keyframe, stream
                target.mux(packet)
    return longer
