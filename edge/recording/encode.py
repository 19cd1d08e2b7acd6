"""Codes pictures as H.264 in packets of their own, with the parameter sets in each key frame."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error
from av.video.frame import PictureType

from edge.recording.facts import RecordingError
from edge.recording.segment import TICK, TICKS_A_SECOND
from edge.source import StoredPacket, StreamFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY_EVERY_S = 2.0
PRESET = "veryfast"
_CRF = "23"
_NOMINAL_FPS = 25
_FORMAT = "yuv420p"


class Encoder:
    """libx264 on one thread. Odd sizes lose their last row or column of pixels.

    Raises:
        RecordingError: it cannot be coded.
    """

    def __init__(self, width_px: int, height_px: int, *, bits_a_second: int | None = None) -> None:
        """`bits_a_second`: not more than that, else as many as a picture needs."""
        self.facts = StreamFacts("h264", width_px - width_px % 2, height_px - height_px % 2, None, _FORMAT)
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height = self.facts.width_px, self.facts.height_px
        context.pix_fmt = _FORMAT
        context.time_base, context.framerate = TICK, Fraction(_NOMINAL_FPS)
        context.thread_count, context.max_b_frames = 1, 0
        context.gop_size = 100 * _NOMINAL_FPS  # key frames come by time
        limit = {} if bits_a_second is None else {"maxrate": str(bits_a_second), "bufsize": str(bits_a_second)}
        context.options = {"preset": PRESET, "tune": "zerolatency", "crf": _CRF, "forced-idr": "1", **limit}
        self._context = context
        self._key_s = float("-inf")

    def code(self, picture: av.VideoFrame | NDArray[np.uint8], pts_s: float) -> list[StoredPacket]:
        """`picture`: decoded, or BGR. Times must go on."""
        frame = picture if isinstance(picture, av.VideoFrame) else av.VideoFrame.from_ndarray(picture, format="bgr24")
        if (frame.width, frame.height, frame.format.name) != (self.facts.width_px, self.facts.height_px, _FORMAT):
            frame = frame.reformat(self.facts.width_px, self.facts.height_px, _FORMAT)
        frame.pts, frame.time_base = round(pts_s * TICKS_A_SECOND), TICK
        key = pts_s - self._key_s >= KEY_EVERY_S
        if key:
            self._key_s = pts_s
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return self._packets(frame)

    def key_next(self) -> None:
        """The next picture stands alone."""
        self._key_s = float("-inf")

    def rest(self) -> list[StoredPacket]:
        return self._packets(None)

    def _packets(self, frame: av.VideoFrame | None) -> list[StoredPacket]:
        try:
            coded = self._context.encode(frame)
        except av.error.FFmpegError as error:
            raise RecordingError(f"a picture cannot be coded: {error}") from None
        return [
            StoredPacket(bytes(one), one.is_keyframe, (one.pts or 0) / TICKS_A_SECOND, (one.dts or 0) / TICKS_A_SECOND)
            for one in coded
        ]
