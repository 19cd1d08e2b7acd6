"""The views of a video: its telemetry, its lens and the size of its picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import av

from vision.georeference.place import View
from vision.georeference.pose import RefusedError, Track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from control_room.flights.lenses import Lens
    from control_room.flights.points import Point
    from vision.georeference.ground import Ground
    from vision.telemetry.sample import Sample

_VIDEO_SUFFIXES = (".mp4", ".MP4", ".mov", ".MOV", ".ts", ".TS", ".mkv")
_USUAL_PX = ((1920, 1080), (2720, 1530), (3840, 2160), (4096, 2160), (5472, 3078), (7680, 4320))
_STRAY_SHARE = 0.25
"""Of the points may lie outside the picture by mistake."""


def on(view: View, ground: Ground) -> View:
    return replace(view, ground=ground)


class FootageViews:
    """Asked by frame or time."""

    def __init__(self, samples: Sequence[Sample], points: Sequence[Point], telemetry: Path, lens: Lens) -> None:
        self._track = Track(samples)
        self._lens = lens
        self._size_px, self._note = _size_of_picture(samples, points, telemetry, lens)

    def view(self, point: Point) -> tuple[View, float, float]:
        """Raise RefusedError."""
        if point.frame is not None:
            pose, sample = self._track.at_frame(point.frame)
        elif point.time_s is not None:
            pose, sample = self._track.at_time(point.time_s)
        else:
            raise RefusedError("neither a frame nor a time is given")
        camera = self._lens.camera(sample, self._size_px)
        return View(camera, pose, notes=self._note), point.x_px, point.y_px

    def take_off(self) -> tuple[tuple[float, float], bool] | None:
        known = self._track.take_off()
        return (known, True) if known is not None else first_position(self._track.samples)


def first_position(samples: Sequence[Sample]) -> tuple[tuple[float, float], bool] | None:
    for sample in samples:
        if sample.lat is not None and sample.lon is not None:
            return (sample.lat, sample.lon), False
    return None


def _size_of_picture(
    samples: Sequence[Sample], points: Sequence[Point], telemetry: Path, lens: Lens
) -> tuple[tuple[int, int], tuple[str, ...]]:
    """What the telemetry or the video beside it says; else the calibration's; else the least usual one that holds."""
    for sample in samples[:1]:
        if sample.camera is not None and sample.camera.width_px and sample.camera.height_px:
            return (sample.camera.width_px, sample.camera.height_px), ()
    beside = _size_of_video(telemetry)
    if beside is not None:
        return beside, ()
    if lens.calibrated is not None:
        size = lens.calibrated.width_px, lens.calibrated.height_px
        if _held(points, size) >= 0.5:  # noqa: PLR2004 - most: the others are stray
            return size, ()
    for size in _USUAL_PX:
        if _held(points, size) >= 1 - _STRAY_SHARE:
            return size, (f"picture of {size[0]} x {size[1]} px assumed",)
    return _USUAL_PX[0], (f"picture of {_USUAL_PX[0][0]} x {_USUAL_PX[0][1]} px assumed",)


def _held(points: Sequence[Point], size_px: tuple[int, int]) -> float:
    inside = sum(0 <= point.x_px <= size_px[0] and 0 <= point.y_px <= size_px[1] for point in points)
    return inside / len(points)


def _size_of_video(telemetry: Path) -> tuple[int, int] | None:
    """Of the file itself, where the telemetry is inside a video, or of the video of the same name beside it."""
    for path in (telemetry, *(telemetry.with_suffix(suffix) for suffix in _VIDEO_SUFFIXES)):
        if path.suffix not in _VIDEO_SUFFIXES or not path.is_file():
            continue
        try:
            with av.open(str(path)) as container:
                for stream in container.streams.video:
                    if stream.width and stream.height:
                        return stream.width, stream.height
        except (av.FFmpegError, OSError, ValueError):
            continue
    return None
