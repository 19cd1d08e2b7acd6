"""Whether a drone stands still in the air: its position and its picture both, and for a while.

moves --position and picture still for 3 s--> hovers --either moves, or both have drifted off--> moves
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision.camera_motion import Similarity
from vision.georeference import globe, pose

if TYPE_CHECKING:
    from vision.telemetry.sample import Sample

SETTLED_S = 3.0
_WINDOW_S = 2.0
_SPEED_M_S, _SPEED_LEAVING_M_S = 0.7, 1.5
_TURN_DEG_S, _TURN_LEAVING_DEG_S = 1.5, 4.0
"""Of the camera's axis."""
_PICTURE_S, _PICTURE_LEAVING_S = 0.015, 0.04
"""Widths a second."""
_BLIND_S = 1.0
_DRIFTED_M = 4.0
_DRIFTED_PICTURE = 0.04
"""In widths, since it began to hover: what the background of the rules still follows (`vision.registration`)."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was known at one picture."""

    at_s: float
    sample: Sample
    movement: Similarity


class Hover:
    """Ask it once a picture."""

    def __init__(self) -> None:
        self.reason = "no picture yet"
        """Why it does not count as hovering; empty while it does."""
        self._seen: deque[_Seen] = deque()
        self._still_from_s: float | None = None
        self._anchor: Sample | None = None
        self._drift = Similarity()
        self._compared_s = 0.0
        """Of the newest picture whose movement was known."""

    @property
    def hovers(self) -> bool:
        return not self.reason

    def look(self, at_s: float, sample: Sample | None, movement: Similarity | None) -> bool:
        """Whether it hovers, after one more picture.

        Args:
            at_s: media time of the picture.
            sample: where the aircraft was then; None where that is not known.
            movement: of the picture since the one before; None where they cannot be compared.
        """
        fault = self._fault(at_s, sample, movement)
        if fault:
            self._still_from_s, self.reason = None, fault
            return False
        if self._still_from_s is None:
            self._still_from_s, self._anchor, self._drift = at_s, sample, Similarity()
        if at_s - self._still_from_s >= SETTLED_S:
            self.reason = ""
        elif self.reason:
            self.reason = "it has just come to a stand"
        return self.hovers

    def _fault(self, at_s: float, sample: Sample | None, movement: Similarity | None) -> str:
        if sample is None or sample.lat is None or sample.lon is None:
            self._seen.clear()
            return "its position is not known"
        if movement is not None:
            self._compared_s = at_s
        elif self._still_from_s is not None and at_s - self._compared_s <= _BLIND_S:
            movement = Similarity()  # a flash, a bird: what stood a moment ago stands
        else:
            self._seen.clear()
            return "its pictures cannot be compared"
        self._seen.append(_Seen(at_s, sample, movement))
        while len(self._seen) > 2 and at_s - self._seen[1].at_s >= _WINDOW_S:  # noqa: PLR2004 - a rate needs two
            self._seen.popleft()
        return self._fault_of_rates() or self._fault_of_drift(sample, movement)

    def _fault_of_rates(self) -> str:
        first, last = self._seen[0], self._seen[-1]
        passed_s = last.at_s - first.at_s
        if passed_s <= 0:
            return self.reason
        leaving = self._still_from_s is not None
        if _apart_m(first.sample, last.sample) / passed_s > (_SPEED_LEAVING_M_S if leaving else _SPEED_M_S):
            return "it flies"
        if _turned_deg(first.sample, last.sample) / passed_s > (_TURN_LEAVING_DEG_S if leaving else _TURN_DEG_S):
            return "its camera turns"
        moved = Similarity()
        for seen in list(self._seen)[1:]:
            moved = moved.then(seen.movement)
        if moved.shift / passed_s > (_PICTURE_LEAVING_S if leaving else _PICTURE_S):
            return "its picture moves"
        return ""

    def _fault_of_drift(self, sample: Sample, movement: Similarity) -> str:
        """Slow movements that no rate shows."""
        if self._anchor is None or self._still_from_s is None:
            return ""
        self._drift = self._drift.then(movement)
        if _apart_m(self._anchor, sample) > _DRIFTED_M or self._drift.shift > _DRIFTED_PICTURE:
            return "it drifts"
        return ""


def _apart_m(one: Sample, other: Sample) -> float:
    up = 0.0 if one.rel_alt_m is None or other.rel_alt_m is None else other.rel_alt_m - one.rel_alt_m
    return math.hypot(pose.apart_m(one, other), up)


def _turned_deg(one: Sample, other: Sample) -> float:
    pairs = ((one.gimbal_yaw_deg, other.gimbal_yaw_deg), (one.gimbal_pitch_deg, other.gimbal_pitch_deg))
    return max((abs(globe.turn_deg(a, b)) for a, b in pairs if a is not None and b is not None), default=0.0)
