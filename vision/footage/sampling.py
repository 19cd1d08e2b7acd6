"""Which pictures are looked at: by ground covered, so that hovering costs little and speed misses nothing."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vision.footage import ground_picture
from vision.footage.result import Skipped
from vision.georeference import globe
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from vision.footage.flown import Flown
    from vision.footage.settings import Settings

_GRID_S = 0.25
_TURN_DEG = 60.0
"""Turned so far the picture shows other ground."""
_EARLIER = 0.5
"""A key picture is taken so much of a step before the ground asks for one."""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture to be looked at."""

    time_s: float
    alone: bool
    """It is a key picture: decoded alone."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The ground that one picture shows."""

    time_s: float
    lat: float
    lon: float
    yaw_deg: float
    wide_m: float
    high_m: float

    def passed(self, later: _Seen) -> float:
        """In shares of what is seen, how much other ground the later picture shows."""
        east, north = globe.offset_m((self.lat, self.lon), (later.lat, later.lon))
        yaw = math.radians(self.yaw_deg)
        ahead, right = north * math.cos(yaw) + east * math.sin(yaw), east * math.cos(yaw) - north * math.sin(yaw)
        turned = abs(globe.turn_deg(self.yaw_deg, later.yaw_deg)) / _TURN_DEG
        wide, high = min(self.wide_m, later.wide_m), min(self.high_m, later.high_m)
        return max(abs(ahead) / high, abs(right) / wide) + turned


def choose(
    flown: Flown, duration_s: float, keys_s: tuple[float, ...], settings: Settings
) -> tuple[list[Look], list[Skipped]]:
    """Looks in order of time, and the stretches in which none can be made, with the reason."""
    looks: list[Look] = []
    skipped: list[Skipped] = []
    last: _Seen | None = None
    for step in range(int(duration_s / _GRID_S) + 1):
        time_s = step * _GRID_S
        try:
            here = _seen(flown, time_s, settings)
        except RefusedError as error:
            _refuse(skipped, time_s, min(duration_s, time_s + _GRID_S), str(error))
            last = None
            continue
        if last is not None and not _is_due(last, here, settings):
            continue
        after_s = looks[-1].time_s if looks else -settings.step_s_min
        look = _look(after_s, time_s, keys_s, settings)
        looks.append(look)
        last = here
        if look.time_s != time_s:
            last = _seen_or(flown, look.time_s, settings, here)
    return looks, skipped


def _is_due(last: _Seen, here: _Seen, settings: Settings) -> bool:
    apart = here.time_s - last.time_s
    if apart < settings.step_s_min:
        return False
    return apart >= settings.step_s_max or last.passed(here) >= 1 / settings.looks_a_place


def _look(after_s: float, due_s: float, keys_s: tuple[float, ...], settings: Settings) -> Look:
    """The newest key picture not long before it is due, else the picture of that time."""
    place = bisect.bisect_right(keys_s, due_s + _GRID_S / 2) - 1
    if place >= 0 and keys_s[place] >= max(after_s + settings.step_s_min, due_s - _EARLIER * (due_s - after_s)):
        return Look(keys_s[place], True)
    return Look(due_s, False)


def _seen(flown: Flown, time_s: float, settings: Settings) -> _Seen:
    view = flown.view(time_s)
    frame = ground_picture.frame_of(view.camera, view.pose, view.ground, settings)
    wide, high = frame.width_px * frame.cell_m, frame.height_px * frame.cell_m
    middle = np.array([frame.width_px / 2]), np.array([frame.height_px / 2])
    east, north = frame.east_north(*frame.metres(*middle))
    lat, lon = globe.moved((view.pose.lat, view.pose.lon), float(east[0]), float(north[0]))
    return _Seen(time_s, lat, lon, view.pose.yaw_deg, wide, high)


def _seen_or(flown: Flown, time_s: float, settings: Settings, otherwise: _Seen) -> _Seen:
    try:
        return _seen(flown, time_s, settings)
    except RefusedError:
        return otherwise


def _refuse(skipped: list[Skipped], from_s: float, to_s: float, reason: str) -> None:
    """Stretches of the same reason become one; numbers in it do not make it another."""
    if skipped and abs(skipped[-1].to_s - from_s) < _GRID_S and _kind(skipped[-1].reason) == _kind(reason):
        before = skipped.pop()
        skipped.append(Skipped(before.from_s, round(to_s, 3), before.reason, before.looks))
        return
    skipped.append(Skipped(from_s, round(to_s, 3), reason, 0))


def _kind(reason: str) -> str:
    return "".join(letter for letter in reason if not (letter.isdigit() or letter in ".-"))
