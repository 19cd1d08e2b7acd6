"""The clips of `benchmarks.edge`: real busy ones, and a still street with sensor noise that is made once and kept."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import cv2
import numpy as np

from edge.mask import Masks

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BUSY = [
    DATA / "dumping" / "aboda_video4.avi",
    DATA / "negatives" / "vtest.avi",
    DATA / "negatives" / "car-detection.mp4",
]
WIDTH_PX, HEIGHT_PX, FPS = 704, 576, 25
MAIN_WIDTH_PX, MAIN_HEIGHT_PX = 1920, 1080
_STILL_S = 130
_MAIN_S = 20
_NOISE = 2.0
_VERSION = 2


def still() -> dict[str, Path]:
    """By what they are called."""
    paths = {f"704x576, 25 a second, H.264, key frame every {s} s": _folder() / f"still-{s}s.mkv" for s in (2, 5)}
    if not all(path.is_file() for path in paths.values()):
        _write(dict(zip(paths.values(), (2, 5), strict=True)), (WIDTH_PX, HEIGHT_PX), _STILL_S)
    return paths


def main_stream() -> Path:
    """The large stream of the same camera."""
    path = _folder() / "main-2s.mkv"
    if not path.is_file():
        _write({path: 2}, (MAIN_WIDTH_PX, MAIN_HEIGHT_PX), _MAIN_S)
    return path


def _folder() -> Path:
    named = os.environ.get("TALAIA_CACHE_DIR")
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "talaia"
    folder = base / "bench-edge" / str(_VERSION)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _street(size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """The dumping clip without the people in it: the median of some pictures."""
    taken = []
    with av.open(str(BUSY[0])) as container:
        for number, picture in enumerate(container.decode(video=0)):
            if number % 60 == 0:
                taken.append(Masks([]).painted(picture))
    middle = np.median(np.stack(taken), axis=0).astype(np.uint8)
    return cast("NDArray[np.uint8]", cv2.resize(middle, size_px))


def _write(paths: dict[Path, int], size_px: tuple[int, int], seconds: int) -> None:
    """The same pictures with key frames `paths[path]` seconds apart; noise in the brightness only."""
    width_px, height_px = size_px
    rng = np.random.default_rng(7)
    noise = [rng.normal(0, _NOISE, (height_px, width_px)).astype(np.int16) for _ in range(12)]
    planes = av.VideoFrame.from_ndarray(_street(size_px), format="bgr24").reformat(format="yuv420p").to_ndarray()
    outputs = {path: av.open(str(path.with_suffix(".part.mkv")), "w") for path in paths}
    streams = {path: _stream(output, size_px, paths[path]) for path, output in outputs.items()}
    for number in range(seconds * FPS):
        picture = planes.copy()
        shift = int(rng.integers(height_px)), int(rng.integers(width_px))
        grain = np.roll(noise[int(rng.integers(len(noise)))], shift, (0, 1))
        picture[:height_px] = np.clip(picture[:height_px] + grain, 0, 255)
        for path, output in outputs.items():
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(streams[path].encode(frame))
    for path, output in outputs.items():
        output.mux(streams[path].encode(None))
        output.close()
        path.with_suffix(".part.mkv").replace(path)


def _stream(output: av.container.OutputContainer, size_px: tuple[int, int], key_every_s: int) -> av.VideoStream:
    stream = output.add_stream("libx264", rate=FPS)
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.gop_size, context.max_b_frames, context.thread_count = key_every_s * FPS, 0, 1
    context.options = {"preset": "superfast", "crf": "26", "sc_threshold": "0"}
    return stream
