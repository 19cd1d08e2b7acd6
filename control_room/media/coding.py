"""Makes H.264 of H.265 for browsers that cannot show that: `python -m control_room.media.coding`, records in and out.

The dear way: a core shows about one stream of 720p so. It is shut in, for the pictures come from outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error

from control_room.media import pipe
from control_room.media.pipe import Record
from control_room.probing import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.video.codeccontext import VideoCodecContext

_TICKS = Fraction(1, 90_000)
_KEY_EVERY_TICKS = 90_000
_WIDEST_PX = 1920
_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
_A_WEEK_S = 7 * 24 * 3600
_WITHOUT_PICTURE_MOST = 250
_PR_SET_PDEATHSIG = 1


class UndecodableError(Exception):
    """Nothing has come of it for ten seconds."""


class _Coder:
    """One stream; a new encoder where the size of its pictures changes."""

    def __init__(self) -> None:
        self._decoder = av.CodecContext.create("hevc", "r")
        self._decoder.thread_count = 1
        self._encoder: VideoCodecContext | None = None
        self._size_px = (0, 0)
        self._next_key_ticks = 0
        self._without_picture = 0

    def take(self, record: Record) -> Iterator[Record]:
        packet = av.Packet(len(record.data))
        packet.update(record.data)
        packet.pts, packet.time_base = record.shown_ticks, _TICKS
        frames: list[av.VideoFrame] = []
        with contextlib.suppress(av.error.FFmpegError):
            frames = self._decoder.decode(packet)
        self._without_picture = 0 if frames else self._without_picture + 1
        if self._without_picture > _WITHOUT_PICTURE_MOST:
            raise UndecodableError
        for frame in frames:
            yield from self._encoded(frame)

    def _encoded(self, frame: av.VideoFrame) -> Iterator[Record]:
        small = _no_wider(frame)
        ticks = frame.pts or 0
        if self._encoder is None or self._size_px != (small.width, small.height):
            self._size_px = small.width, small.height
            self._encoder = _encoder(*self._size_px)
            self._next_key_ticks = ticks
        small.pts, small.time_base = ticks, _TICKS
        small.pict_type = av.video.frame.PictureType.NONE
        if ticks >= self._next_key_ticks:
            small.pict_type = av.video.frame.PictureType.I
            self._next_key_ticks = ticks + _KEY_EVERY_TICKS
        for packet in self._encoder.encode(small):
            yield Record("key" if packet.is_keyframe else "picture", bytes(packet), packet.pts or 0)


def _no_wider(frame: av.VideoFrame) -> av.VideoFrame:
    width, height = frame.width, frame.height
    if width > _WIDEST_PX:
        width, height = _WIDEST_PX, round(height * _WIDEST_PX / width / 2) * 2
    return frame.reformat(width - width % 2, height - height % 2, format="yuv420p")


def _encoder(width_px: int, height_px: int) -> VideoCodecContext:
    """Without B-frames, which WebRTC does not know; parameter sets before each key frame."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width_px, height_px, "yuv420p"
    encoder.time_base, encoder.framerate = _TICKS, Fraction(25)
    encoder.thread_count = 1
    encoder.profile = "Baseline"
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "crf": "26",
        "maxrate": "4M",
        "bufsize": "4M",
        "g": "250",
        "forced-idr": "1",
        "x264-params": "repeat-headers=1:annexb=1:threads=1:sliced-threads=0",
    }
    encoder.open()
    return encoder


def main() -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    output, source = sys.stdout.buffer, sys.stdin.buffer
    coder = _Coder()
    _encoder(64, 64)  # what it loads must be loaded before it is shut in
    sandbox.enter(memory_bytes=_MEMORY_BYTES, cpu_s=_A_WEEK_S)
    output.write(Record("codec", b"h264").encoded())
    try:
        while (record := pipe.read(source)) is not None:
            for coded in coder.take(record):
                output.write(coded.encoded())
            output.flush()
    except (UndecodableError, av.error.FFmpegError):
        output.write(Record("end", b"it cannot be decoded").encoded())
        output.flush()
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
