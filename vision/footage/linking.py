"""Follows what looks of one span show over the ground: the same thing keeps its number.

The ground of each look is laid on that of the look before by their pictures, because GNSS and compass wander between
two looks by more than things are apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vision.footage.sightings import group_of

if TYPE_CHECKING:
    from vision.footage.sightings import Sighting

_STILL_M = 1.2
_STILL_SHARE = 0.4
"""Of its length, how much farther a large thing's middle may seem to move."""
_STILL_M_MAX = 3.0
_PACE_M_S = {"person": 2.5, "vehicle": 16.0}
_LOST_S = 8.0


@dataclass(slots=True)
class _Followed:
    number: int
    group: str
    east_m: float
    north_m: float
    last_s: float
    speed_m_s: tuple[float, float] = (0.0, 0.0)
    looks: int = 1


@dataclass(slots=True)
class Linker:
    """Of one span."""

    _followed: list[_Followed] = field(default_factory=list)
    _next: int = 0

    def add(self, seen: list[tuple[Sighting, float, float]], time_s: float) -> list[int]:
        """Numbers for the sightings of one look; each with metres east and north on the span's common ground."""
        numbers = [-1] * len(seen)
        taken: set[int] = set()
        for far in (False, True):
            for _, which, one in self._near(seen, numbers, taken, time_s, moving=far):
                if numbers[which] < 0 and one.number not in taken:
                    numbers[which] = one.number
                    taken.add(one.number)
                    self._follow(one, seen[which][1], seen[which][2], time_s)
        for which, (sighting, east, north) in enumerate(seen):
            if numbers[which] < 0:
                numbers[which] = self._next
                self._followed.append(_Followed(self._next, group_of(sighting.label), east, north, time_s))
                self._next += 1
        return numbers

    def _near(
        self,
        seen: list[tuple[Sighting, float, float]],
        numbers: list[int],
        taken: set[int],
        time_s: float,
        *,
        moving: bool,
    ) -> list[tuple[float, int, _Followed]]:
        """Pairs within reach, the nearest first."""
        pairs = []
        for which, (sighting, east, north) in enumerate(seen):
            group = group_of(sighting.label)
            if numbers[which] >= 0 or (moving and group not in _PACE_M_S):
                continue
            for one in self._followed:
                if one.group != group or one.number in taken:
                    continue
                passed = time_s - one.last_s
                reach = _reach_m(sighting, passed, moving=moving)
                ahead = passed if moving else 0.0
                away = math.hypot(
                    east - one.east_m - ahead * one.speed_m_s[0], north - one.north_m - ahead * one.speed_m_s[1]
                )
                if away <= reach and (not moving or passed <= _LOST_S):
                    pairs.append((away, which, one))
        return sorted(pairs, key=lambda pair: (pair[0], pair[1], pair[2].number))

    @staticmethod
    def _follow(one: _Followed, east: float, north: float, time_s: float) -> None:
        passed = max(1e-3, time_s - one.last_s)
        one.speed_m_s = (east - one.east_m) / passed, (north - one.north_m) / passed
        one.east_m, one.north_m, one.last_s = east, north, time_s
        one.looks += 1


def _reach_m(sighting: Sighting, passed_s: float, *, moving: bool) -> float:
    if moving:
        return _STILL_M + _PACE_M_S[group_of(sighting.label)] * passed_s
    return min(_STILL_M_MAX, _STILL_M + _STILL_SHARE * sighting.length_m)
