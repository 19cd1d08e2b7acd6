"""Burns who, what and when into a copy of a clip or picture: `python -m control_room.evidence.marking_child`.

From standard input, a line of JSON and then the file, to standard output. A process of its own and shut in, for the
file comes from a device.
"""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.error
import numpy as np
from PIL import Image, ImageDraw

from control_room.evidence.marking_limits import FILE_BYTES_MAX, SECONDS_MAX
from control_room.live import picture
from control_room.probing import sandbox

if TYPE_CHECKING:
    from numpy.typing import NDArray

CPU_S = 240
_PX_MAX = 8192 * 8192
_LINES = 24
_SMALLEST_PX = 10
_DARK, _LIGHT = 24, 235
_TICK = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    user: str
    began_at: datetime

    def strip(self, width_px: int, height_px: int, at: datetime) -> NDArray[np.uint8]:
        """The lower edge of a picture, light letters on a dark band; an even number of rows."""
        parts = [self.name, f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC  ·  {self.user}"]
        lines, font = picture.laid_out(parts, width_px, max(_SMALLEST_PX, height_px // _LINES))
        line_px = round(font.size * 1.5)
        rows = min(height_px, line_px * len(lines)) // 2 * 2
        drawn = Image.new("L", (width_px, rows), _DARK)
        draw = ImageDraw.Draw(drawn)
        for number, line in enumerate(lines):
            draw.text((font.size / 2, line_px * (number + 0.5)), line, font=font, fill=_LIGHT, anchor="lm")
        return np.asarray(drawn)


def _video(content: bytes, mark: _Mark) -> bytes:
    written = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(io.BytesIO(content), "r") as source, av.open(written, "w", format="mp4", options=options) as target:
        stream = source.streams.video[0]
        stream.thread_count = 1
        coder: Any = target.add_stream("libx264", rate=stream.average_rate or 25)
        coder.width, coder.height, coder.pix_fmt = stream.width // 2 * 2, stream.height // 2 * 2, "yuv420p"
        if coder.width * coder.height > _PX_MAX:
            raise ValueError("too large")
        coder.time_base = _TICK
        coder.codec_context.thread_count = 1
        coder.options = {"preset": "veryfast", "crf": "23", "bf": "0"}
        strips: dict[int, NDArray[np.uint8]] = {}
        first_s: float | None = None
        for frame in source.decode(stream):
            at_s = float(frame.time or 0.0)
            first_s = at_s if first_s is None else first_s
            second = int(at_s - first_s)
            if second > SECONDS_MAX:
                raise ValueError("too long")
            if second not in strips:
                strips = {second: mark.strip(coder.width, coder.height, mark.began_at + timedelta(seconds=second))}
            marked = _with_strip(frame, coder.width, coder.height, strips[second])
            marked.pts, marked.time_base = round((at_s - first_s) / _TICK), _TICK
            target.mux(coder.encode(marked))
        target.mux(coder.encode(None))
    return written.getvalue()


def _with_strip(frame: av.VideoFrame, width_px: int, height_px: int, strip: NDArray[np.uint8]) -> av.VideoFrame:
    planes = frame.reformat(width_px, height_px, "yuv420p", threads=1).to_ndarray()
    rows = strip.shape[0]
    planes[height_px - rows : height_px] = strip
    colours = planes[height_px:].reshape(2, height_px // 2, width_px // 2)
    colours[:, (height_px - rows) // 2 :] = 128
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def _warm() -> None:
    """What these load must be loaded before the process is shut in."""
    _Mark("a", "b", datetime.now(UTC)).strip(64, 64, datetime.now(UTC))
    blank = io.BytesIO()
    Image.new("RGB", (64, 64)).save(blank, "JPEG")
    picture.mark(blank.getvalue(), user="a", name="b", at=datetime.now(UTC))
    with av.open(io.BytesIO(), "w", format="mp4") as target:
        coder: Any = target.add_stream("libx264", rate=25)
        coder.width, coder.height, coder.pix_fmt = 64, 64, "yuv420p"
        coder.codec_context.thread_count = 1
        target.mux(coder.encode(av.VideoFrame(64, 64, "yuv420p")))
        target.mux(coder.encode(None))
    av.CodecContext.create("h264", "r").open()


def main() -> int:
    _warm()
    os.nice(10)
    sandbox.enter(cpu_s=CPU_S)
    asked = json.loads(sys.stdin.buffer.readline())
    mark = _Mark(asked["name"], asked["user"], datetime.fromisoformat(asked["began_at"]))
    content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        return 1
    try:
        if asked["media_type"] == "video/mp4":
            marked = _video(content, mark)
        else:
            marked = picture.mark(content, user=mark.user, name=mark.name, at=mark.began_at).jpeg
    except (av.error.FFmpegError, picture.NoPictureError, ValueError, IndexError):
        return 1
    sys.stdout.buffer.write(marked)
    return 0


if __name__ == "__main__":
    sys.exit(main())
