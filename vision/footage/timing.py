"""Lays the telemetry's times on the video's: by where both begin or by their clocks, checked against picture motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.footage.result import Synchrony
from vision.telemetry import synchronise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from vision.footage.settings import Settings
    from vision.footage.video import Facts, Footage
    from vision.telemetry.sample import Sample

_WIDTH_PX = 240
_EVERY_S = 0.12
_WINDOW_S = 40.0
_POINTS = 60
_POINTS_MIN = 8
_BELIEVED = 0.5
"""Quality from which the picture's motion is believed over clocks."""
_SMALL_S = 0.15
"""Less than the telemetry's own steps: left alone."""
_SAME_LENGTH = 0.1
_SAME_LENGTH_S = 5.0
_DAY_S = 86_400.0


def lay(footage: Footage, facts: Facts, samples: Sequence[Sample], settings: Settings) -> Synchrony:
    """The offset, how it is known and how good it is."""
    timed = [sample for sample in samples if sample.time_s is not None]
    if len(timed) < 2:  # noqa: PLR2004 - nothing to lay
        return Synchrony(0.0, None, "start")
    offset, how, notes = _by_clocks(timed, facts)
    found = _by_motion(footage, facts, timed, offset, settings)
    if found is None:
        return Synchrony(
            offset, None, how, None, (*notes, "the picture moves too steadily to check the telemetry's times")
        )
    checked = offset + found.offset_s
    if found.quality < _BELIEVED:
        return Synchrony(offset, found.quality, how, checked, notes)
    if abs(found.offset_s) < _SMALL_S:
        return Synchrony(offset, found.quality, how, checked, notes)
    notes = (*notes, f"the telemetry was moved by {found.offset_s:+.2f} s, as the picture's motion says")
    return Synchrony(checked, found.quality, "motion", checked, notes)


def _by_clocks(timed: Sequence[Sample], facts: Facts) -> tuple[float, str, tuple[str, ...]]:
    """Files of one length begin together; else the time of day tells, where both have one."""
    first, last = timed[0].time_s or 0.0, timed[-1].time_s or 0.0
    length = last - first
    alike = abs(length - facts.duration_s) <= _SAME_LENGTH * facts.duration_s + _SAME_LENGTH_S
    if alike:
        return 0.0 if abs(first) <= _SAME_LENGTH_S else -first, "start", ()
    words = f"the telemetry is {length:.0f} s long, the video {facts.duration_s:.0f} s"
    told = next(((sample.time_s or 0.0, sample.time_utc) for sample in timed if sample.time_utc is not None), None)
    if facts.created_at is None or told is None:
        return 0.0, "start", (f"{words}: both are taken to begin together",)
    return _by_time_of_day(told, (first, last), facts.created_at, facts, words)


def _by_time_of_day(
    told: tuple[float, datetime | None], span: tuple[float, float], created: datetime, facts: Facts, words: str
) -> tuple[float, str, tuple[str, ...]]:
    time_s, utc = told
    if utc is None:
        return 0.0, "start", (words,)
    offset = (utc - created).total_seconds() - time_s
    if span[0] + offset < facts.duration_s and span[1] + offset > 0:
        return offset, "clocks", (f"{words}: laid by their clocks",)
    apart = abs((utc - created).total_seconds())
    said = f"{apart / _DAY_S:.0f} days" if apart > _DAY_S else f"{apart:.0f} s"
    return 0.0, "start", (f"{words}, and their clocks are {said} apart: both are taken to begin together",)


def _by_motion(
    footage: Footage, facts: Facts, timed: Sequence[Sample], offset_s: float, settings: Settings
) -> synchronise.Offset | None:
    predicted = synchronise.predicted_motion(timed)
    moved = synchronise.Motion(predicted.time_s + offset_s, predicted.speed)
    inside = (moved.time_s >= 0) & (moved.time_s <= facts.duration_s)
    if np.count_nonzero(inside) < 2:  # noqa: PLR2004 - nothing in common
        return None
    begin = _liveliest(moved.time_s[inside], moved.speed[inside])
    picture = picture_motion(footage, begin, begin + _WINDOW_S)
    reach = settings.offset_search_s + _WINDOW_S
    around = (moved.time_s >= begin - reach) & (moved.time_s <= begin + reach)
    near = (moved.time_s >= begin - settings.offset_search_s) & (
        moved.time_s <= begin + _WINDOW_S + settings.offset_search_s
    )
    shown = synchronise.Motion(moved.time_s[around & near], moved.speed[around & near])
    if picture.time_s.size < 2:  # noqa: PLR2004 - as above
        return None
    return synchronise.estimate(shown, picture, offset_max_s=settings.offset_search_s)


def _liveliest(times: NDArray[np.float64], speeds: NDArray[np.float64]) -> float:
    """Where the window begins in which the expected motion varies most."""
    roots = np.sqrt(speeds)
    best, begin = -1.0, max(0.0, float(times[0]))
    for start in np.arange(begin, max(begin + 1.0, float(times[-1]) - _WINDOW_S + 1.0), _WINDOW_S / 4):
        part = roots[(times >= start) & (times < start + _WINDOW_S)]
        if part.size > 2 and float(part.std()) > best:  # noqa: PLR2004 - a spread needs some
            best, begin = float(part.std()), float(start)
    return begin


def picture_motion(footage: Footage, from_s: float, to_s: float) -> synchronise.Motion:
    """Median speed of points of the picture, in picture widths a second."""
    times: list[float] = []
    speeds: list[float] = []
    before: tuple[float, NDArray[np.uint8]] | None = None
    for picture in footage.pictures(from_s):
        if picture.time_s > to_s:
            break
        if picture.time_s < from_s or (before is not None and picture.time_s - before[0] < _EVERY_S):
            continue
        gray = picture.gray(_WIDTH_PX)
        if before is not None:
            moved = _moved_px(before[1], gray)
            if moved is not None:
                times.append((before[0] + picture.time_s) / 2)
                speeds.append(moved / _WIDTH_PX / (picture.time_s - before[0]))
        before = picture.time_s, gray
    return synchronise.Motion(np.array(times), np.array(speeds))


def _moved_px(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float | None:
    points = cv2.goodFeaturesToTrack(one, _POINTS, 0.01, 8)
    if points is None or len(points) < _POINTS_MIN:
        return None
    after, found, _ = cv2.calcOpticalFlowPyrLK(one, other, points, None, winSize=(15, 15), maxLevel=3)  # type: ignore[call-overload]  # None: no first guess
    followed = found.ravel() == 1
    if np.count_nonzero(followed) < _POINTS_MIN:
        return None
    steps = (after - points).reshape(-1, 2)[followed]
    return float(np.median(np.hypot(steps[:, 0], steps[:, 1])))
