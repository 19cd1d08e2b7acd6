"""Reads clips, and writes H.264 as a street camera would: a fixed bit rate, key frames at fixed distances."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from launch.footage.thing import Picture

KEY_FRAME_DISTANCE_S = 2
BIT_RATE = 1_800_000
# One thread: the same pictures give the same file. No B-frames: readers that go on from any frame stay simple.
ENCODER = {"preset": "veryfast", "bf": "0", "scenecut": "0", "threads": "1"}
FIXED_RATE = {"maxrate": "2500k", "bufsize": "2500k"}


def pictures(path: Path) -> Iterator[Picture]:
    """Every picture of a clip in order; raises OSError or ValueError where it is no readable video."""
    with av.open(path) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


class Writer:
    """Writes one clip whose pictures are exactly 1 / `frame_rate` apart, playable while it still loads."""

    def __init__(
        self, path: Path, *, width_px: int, height_px: int, frame_rate: int, quantiser: int | None = None
    ) -> None:
        """`quantiser`: 0 to 51, instead of the fixed bit rate, at which pictures that stay the same are refined."""
        self.frames = 0
        self._time_base = Fraction(1, frame_rate)
        self._container: OutputContainer = av.open(path, "w", format="mp4", options={"movflags": "+faststart"})
        quality = FIXED_RATE if quantiser is None else {"qp": str(quantiser)}
        options = {**ENCODER, **quality, "g": str(KEY_FRAME_DISTANCE_S * frame_rate)}
        stream = self._container.add_stream("libx264", rate=frame_rate, options=options)
        stream.width, stream.height = width_px, height_px
        stream.pix_fmt = "yuv420p"
        if quantiser is None:
            stream.bit_rate = BIT_RATE
        stream.codec_context.time_base = self._time_base
        self._stream: VideoStream = stream

    def write(self, picture: Picture) -> None:
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = self.frames, self._time_base
        self.frames += 1
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()
