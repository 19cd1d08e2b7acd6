"""Small files of many kinds, made here."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream


def png(width: int, height: int, data: bytes | None = None) -> bytes:
    """8 bits of grey; `data`: packed rows, by default right ones where that is a small picture."""
    if data is None:
        data = zlib.compress(bytes((width + 1) * min(height, 100)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(path: Path, width: int = 64, height: int = 48) -> Path:
    return video(path, codec="mjpeg", form="image2", frames=1, width=width, height=height, pixels="yuvj420p")


def video(
    path: Path,
    *,
    codec: str = "libx264",
    form: str | None = None,
    frames: int = 10,
    width: int = 64,
    height: int = 48,
    pixels: str = "yuv420p",
) -> Path:
    """A second of noise."""
    random = np.random.default_rng(1)
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=Fraction(10))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        for _ in range(frames):
            picture = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path
