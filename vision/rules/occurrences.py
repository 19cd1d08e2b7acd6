"""The alerts of illegal dumping that are open, and how they outlive a scene, a loop's seam and a restart."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from vision import geometry
from vision.rules import base
from vision.rules.things import Thing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision.bringers import Bringers
    from vision.geometry import Box
    from vision.rules.things import State

_SAME_PLACE_IOU = 0.3
_SAME_SIZE = 3.0
_TOUCHING = 0.25
_AT_ONCE_S, _IN_ONE_GO_S = 3.0, 120.0
"""Several things beside each other are one dumping when they appear so soon one after the other by one hand."""
_GONE_S = 8.0
"""A thing not seen at its place for so long, the place being in view, was taken away."""
_REMEMBER_S = 3600.0
"""What was not seen again for so long after a discontinuity is over."""

_TIMES = "began_s", "seen_s", "told_s"
_OF_THE_VIEW = "region_id", "in_view", "parts", "brought", "attended_s", "with_owner", "reclaimed"


@dataclass(slots=True)
class Occurrence:
    """An alert that was opened. Boxes are in 0..1."""

    number: int
    objects: list[base.RuleObject]
    """The thing first."""
    began_s: float
    confidence: float
    zone: str | None
    seen_s: float
    told_s: float
    """When its last message was made."""
    attributes: dict[str, Any]
    region_id: int | None = None
    """None while the thing is not in sight."""
    in_view: bool = False
    """Its place has been in view since it was seen; not so after a discontinuity."""
    parts: set[int] = field(default_factory=set)
    """Further regions that were left with the thing."""
    gone: bool = False
    """The bare ground was seen in its place."""
    brought: Bringers | None = None
    """Who brought it, as long as they are followed."""
    attended_s: float = -math.inf
    """When they were last with it since it was opened."""
    with_owner: bool = False
    """As it was told."""
    reclaimed: bool = False
    """They were with it when it went."""

    @property
    def box(self) -> Box:
        return self.objects[0].box

    def is_at(self, box: Box) -> bool:
        """Whether a thing in a box may be this one."""
        if geometry.iou(self.box, box) >= _SAME_PLACE_IOU:
            return True
        one, other = geometry.area(self.box), geometry.area(box)
        alike = 1 / _SAME_SIZE <= one / max(other, 1e-9) <= _SAME_SIZE
        return alike and (_holds(self.box, geometry.centre(box)) or _holds(box, geometry.centre(self.box)))

    @property
    def ended(self) -> Literal["reclaimed", "taken", "not_seen_again"]:
        if not (self.in_view or self.gone):
            return "not_seen_again"
        return "reclaimed" if self.reclaimed else "taken"

    @property
    def state(self) -> State:
        if self.region_id is None and (self.in_view or self.gone):
            return "reclaimed" if self.reclaimed else "taken"
        return "with_owner" if self.with_owner else "abandoned"

    def thing(self) -> Thing:
        return Thing(self.state, self.box)

    def refine(self, box: Box) -> None:
        self.objects[0] = replace(self.objects[0], box=box)

    def is_over(self, now_s: float) -> bool:
        if self.region_id is not None:
            return False
        return self.gone or now_s - self.seen_s >= (_GONE_S if self.in_view else _REMEMBER_S)


@dataclass(slots=True)
class Occurrences:
    """All that are open, by number."""

    _open: dict[int, Occurrence] = field(default_factory=dict)
    _next_number: int = 1

    def __iter__(self) -> Iterator[Occurrence]:
        return iter(list(self._open.values()))

    def open(self, occurrence: Occurrence) -> None:
        occurrence.number = self._next_number
        self._open[occurrence.number] = occurrence
        self._next_number += 1

    def of_region(self, region_id: int) -> Occurrence | None:
        return next((one for one in self._open.values() if one.region_id == region_id or region_id in one.parts), None)

    def unseen_at(self, box: Box) -> Occurrence | None:
        """The one whose thing is out of sight and belongs to this place."""
        return next((one for one in self._open.values() if one.region_id is None and one.is_at(box)), None)

    def left_together(
        self, box: Box, born_s: float, bringers: set[int], reach: tuple[float, float]
    ) -> Occurrence | None:
        """The one in sight that the same bringer left a moment before within reach (across, down) of a place."""
        for one in self._open.values():
            apart_s = abs(one.began_s - born_s)
            same_hand = any(shown.track_id in bringers for shown in one.objects[1:])
            near = (
                max(0.0, box[0] - one.box[2], one.box[0] - box[2]) <= reach[0]
                and max(0.0, box[1] - one.box[3], one.box[1] - box[3]) <= reach[1]
            )
            if (
                one.region_id is not None
                and near
                and (apart_s <= _AT_ONCE_S or (same_hand and apart_s <= _IN_ONE_GO_S))
            ):
                return one
        return None

    def touching(self, box: Box) -> Occurrence | None:
        """The one in sight beside which, closer than a share of its size, something was put: a heap that grows."""
        for one in self._open.values():
            across, down = _TOUCHING * (one.box[2] - one.box[0]), _TOUCHING * (one.box[3] - one.box[1])
            wide = one.box[0] - across, one.box[1] - down, one.box[2] + across, one.box[3] + down
            if one.region_id is not None and geometry.overlap(wide, box) > 0:
                return one
        return None

    def lose_sight(self) -> None:
        """The picture's memory starts afresh."""
        for one in self._open.values():
            one.region_id, one.in_view, one.brought = None, False, None
            one.parts.clear()

    def take_over(self, now_s: float) -> list[Occurrence]:
        """Remove and return those that are over."""
        over = [one for one in self._open.values() if one.is_over(now_s)]
        for one in over:
            del self._open[one.number]
        return over

    def snapshot(self, now_s: float) -> dict[str, Any]:
        """As JSON, with times counted back from now."""
        fields = [asdict(replace(one, brought=None)) for one in self._open.values()]
        for one in fields:
            for key in _OF_THE_VIEW:
                del one[key]
            for key in _TIMES:
                one[key] -= now_s
        return {"next_number": self._next_number, "open": fields}

    @classmethod
    def restored(cls, state: dict[str, Any], ago_s: float) -> Occurrences:
        """Take up a snapshot of `ago_s` seconds ago; `ValueError` where it is none."""
        try:
            opened = {}
            for fields in state["open"]:
                objects = [base.RuleObject(**{**one, "box": tuple(one["box"])}) for one in fields["objects"]]
                times = {key: fields[key] - ago_s for key in _TIMES}
                opened[int(fields["number"])] = Occurrence(**{**fields, **times, "objects": objects})
            return cls(opened, int(state["next_number"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of illegal_dumping: {error}") from error


def _holds(box: Box, point: geometry.Point) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
