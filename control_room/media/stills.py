"""Makes a JPEG of one H.264 key picture: `python -m control_room.media.stills`, from standard input to standard output.

A process of its own and shut in, for the picture comes from outside.
"""

from __future__ import annotations

import sys
from fractions import Fraction

import av
import av.error

from control_room.probing import sandbox

_QUALITY = "3"
_PICTURE_BYTES_MAX = 8 * 1024 * 1024
_PX_MAX = 8192 * 8192


def _jpeg(frame: av.VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"q:v": _QUALITY, "qmin": _QUALITY, "qmax": _QUALITY}
    encoder.thread_count = 1
    frame = frame.reformat(format="yuvj420p", threads=1)
    frame.pts = None
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def _decoded(content: bytes) -> av.VideoFrame | None:
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for packet in (av.Packet(content), None):
        for frame in decoder.decode(packet):
            return frame if frame.width * frame.height <= _PX_MAX else None
    return None


def main() -> int:
    _jpeg(av.VideoFrame(64, 64, "yuv420p"))  # what it loads must be loaded before it is shut in
    av.CodecContext.create("h264", "r").open()
    sandbox.enter()
    content = sys.stdin.buffer.read(_PICTURE_BYTES_MAX + 1)
    if len(content) > _PICTURE_BYTES_MAX:
        return 1
    try:
        frame = _decoded(content)
    except av.error.FFmpegError:
        return 1
    if frame is None:
        return 1
    sys.stdout.buffer.write(_jpeg(frame))
    return 0


if __name__ == "__main__":
    sys.exit(main())
