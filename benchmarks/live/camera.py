"""A camera: draws 25 pictures a second with the time burned in and codes them: `python -m benchmarks.live.camera`.

Writes each coded picture to standard output, its length before it. With `--seconds S` it makes a clip as fast as it
can instead.
"""

from __future__ import annotations

import argparse
import struct
import sys
import time
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

from benchmarks.live import barcode

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 25
KEY_EVERY = 50
BITS_S = 3_000_000


class Coder:
    """As street cameras code: no picture waits for a later one, a key picture every two seconds."""

    def __init__(self, bits_s: int = BITS_S) -> None:
        self._coder = av.CodecContext.create("libx264", "w")
        self._coder.width, self._coder.height, self._coder.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        self._coder.time_base, self._coder.framerate = Fraction(1, FPS), Fraction(FPS)
        self._coder.bit_rate = bits_s
        self._coder.thread_count = 1
        self._coder.profile = "Main"
        self._coder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "g": str(KEY_EVERY),
            "x264-params": f"keyint={KEY_EVERY}:min-keyint={KEY_EVERY}:scenecut=0:sliced-threads=0:repeat-headers=1"
            f":nal-hrd=cbr:vbv-maxrate={bits_s // 1000}:vbv-bufsize={bits_s // 2000}",
        }
        self._count = 0

    def code(self, luma: npt.NDArray[np.uint8]) -> bytes:
        whole = np.full((HEIGHT_PX * 3 // 2, WIDTH_PX), 128, np.uint8)
        whole[:HEIGHT_PX] = luma
        frame = av.VideoFrame.from_ndarray(whole, format="yuv420p")
        frame.pts = self._count
        self._count += 1
        return b"".join(bytes(packet) for packet in self._coder.encode(frame))


def street() -> Iterator[npt.NDArray[np.uint8]]:
    """Something that moves, with texture."""
    random = np.random.default_rng(1)
    ground = random.integers(40, 200, (HEIGHT_PX // 8, WIDTH_PX // 8), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    count = 0
    while True:
        picture = ground.copy()
        at = count * 6 % (WIDTH_PX - 200)
        picture[300:500, at : at + 200] = 255 - picture[300:500, at : at + 200]
        yield picture
        count += 1


def clip(seconds: float, bits_s: int = BITS_S) -> list[bytes]:
    """Coded pictures whose burned time is their number."""
    coder, pictures = Coder(bits_s), []
    for number, picture in zip(range(round(seconds * FPS)), street(), strict=False):
        barcode.burn(picture, number)
        pictures.append(coder.code(picture))
    return pictures


def _live() -> None:
    coder, began_s = Coder(), time.monotonic()
    for number, picture in enumerate(street()):
        time.sleep(max(0.0, began_s + number / FPS - time.monotonic()))
        barcode.burn(picture, barcode.now_ms())
        coded = coder.code(picture)
        sys.stdout.buffer.write(struct.pack("!L", len(coded)) + coded)
        sys.stdout.buffer.flush()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args()
    if options.seconds is None:
        _live()
    for coded in clip(options.seconds):
        sys.stdout.buffer.write(struct.pack("!L", len(coded)) + coded)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BrokenPipeError, KeyboardInterrupt):
        sys.stderr.close()
