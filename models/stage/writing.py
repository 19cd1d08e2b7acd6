"""Clips as a camera would have made them: H.264, a key frame every few seconds, so many bits a second."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from models.stage.footage import Picture


def write_clip(
    path: Path, pictures: Iterable[Picture], *, fps: float, size: tuple[int, int], kbit_s: int, key_s: float
) -> int:
    """The number of pictures written; a clip that is broken off leaves no file."""
    partial = path.with_suffix(".partial")
    count = 0
    try:
        with av.open(str(partial), "w", format="mp4") as container:
            rate = Fraction(fps).limit_denominator(1000)
            stream = container.add_stream("libx264", rate=rate)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.bit_rate = kbit_s * 1000
            stream.options = {
                "preset": "veryfast",
                "g": str(round(fps * key_s)),
                "bf": "0",
                "sc_threshold": "0",
                "threads": "1",
                "maxrate": f"{kbit_s * 3 // 2}k",
                "bufsize": f"{kbit_s * 2}k",
            }
            stream.codec_context.thread_count = 1
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
                frame.pts, frame.time_base = count, 1 / rate
                container.mux(stream.encode(frame))
                count += 1
            container.mux(stream.encode(None))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count
