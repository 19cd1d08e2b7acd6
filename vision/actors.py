"""Who was where: the paths of people and vehicles, long enough to ask later who was beside a thing when it appeared."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from vision import geometry, statures, track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vision.geometry import Box
    from vision.static_objects import Region
    from vision.track import Track

_REMEMBER_S = 120.0
_PRESENT_S = 1.0
"""A track counts as seen for so long after its last detection."""
_STATURE_STEPS = 40
_STATURE_SHARE = 0.6
"""A person box lower than so much of the person's usual height is a bag or a stone that took over the track."""
_LOW_SHARE, _SHORT_SHARE = 0.68, 0.72
"""Likewise of what people are high at that row of the picture: in one box, and of somebody who never was sure."""
_WALKER_SURE = 0.5
_BORDER_SHARE = 0.05
"""A box so near the picture's border, in its own size, touches it: boxes jitter."""
_INSIDE_SHARE = 0.5
"""A person of whom so much is in the picture may still stand at its upper border, which cuts off the head only."""
_SAME_DEPTH = 0.5
"""Feet and a thing's lower edge within so many heights of the person: an arm's length forward or back."""
_HEIR_EARLY_S, _HEIR_S = -0.5, 4.0
_HEIR_HEIGHTS = 0.6
_STANDS_SHARE = 0.25
"""Foreground in the last place of a lost track, from which whoever it was is still there, unseen by the detector."""
_HEAD_SHARE = 0.2
_ARRIVED_SHARE = 0.5
"""Foreground in a vehicle's box from which it is part of the scene only since it came."""
_FIGURE_SHARE, _FIGURE_LOOKS = 0.3, 3
"""Likewise in each half of a person's box, who fills less of it, in so many frames."""
_STOP_SHARE = 0.12
"""A vehicle whose box moves by less than this share of its shorter side for `_STOP_S` stands."""
_STOP_S = 1.0


@dataclass(slots=True)
class Actor:
    """A person or vehicle as remembered. Boxes are in pixels of the analysis picture."""

    track_id: int
    label: str
    moved: bool
    confidence: float
    last_seen_s: float
    """In a box that is high enough to be all of them, like `box`: else the detector sees a bag in their place."""
    first_seen_s: float
    box: Box = (0.0, 0.0, 0.0, 0.0)
    path: deque[tuple[float, Box]] = field(default_factory=deque)
    arrived: bool = False
    """Its place shows something that is not background: it came, though perhaps nobody saw it move."""
    shown: int = 0
    """In how many frames a person's place showed so."""
    short: bool = False
    """Never sure, and lower than anybody who walks there: a bag that is carried and called a person."""
    cut_off: bool = False
    """The newest box touches the picture's border."""
    headless: bool = False
    """Cut off by the upper border only, most of them in sight, and their place was not bare since."""
    stood_s: float = float("-inf")
    """When the picture last showed them, unseen by the detector, where they were lost."""
    stature_px: float = 0.0
    """Usual height of the recent boxes; the upper half, because hidden legs and bowed backs only shorten them."""

    @property
    def is_person(self) -> bool:
        return self.label == track.PERSON

    @property
    def believed(self) -> bool:
        """A mover, not a stone that is called a person."""
        return (self.moved and not self.short) or (self.is_person and self.confidence >= track.SURE)

    def step(self, at_s: float, box: Box) -> None:
        """One more place of its path."""
        self.path.append((at_s, box))
        heights = sorted(seen[3] - seen[1] for _, seen in islice(reversed(self.path), _STATURE_STEPS))
        self.stature_px = heights[(3 * len(heights)) // 4]

    def stature_at_px(self, when_s: float) -> float:
        """Likewise around a moment."""
        heights = sorted(box[3] - box[1] for at_s, box in self.path if abs(at_s - when_s) <= 4.0)  # noqa: PLR2004
        return heights[(3 * len(heights)) // 4] if heights else self.stature_px

    def fills(self, box: Box) -> bool:
        """Whether a box is high enough to be this actor."""
        return not self.is_person or box[3] - box[1] >= _STATURE_SHARE * self.stature_px

    def during(self, from_s: float, to_s: float) -> Iterator[Box]:
        """Its boxes of a span, the newest first."""
        for at_s, box in reversed(self.path):
            if at_s < from_s:
                return
            if at_s <= to_s and self.fills(box):
                yield box

    def lingered(self, from_s: float, to_s: float) -> bool:
        """Whether it stood, or nearly so, for a while during a span."""
        steps = [(at_s, geometry.centre(box)) for at_s, box in self.path if from_s <= at_s <= to_s]
        reach = _STOP_SHARE * max(1.0, min(self.box[2] - self.box[0], self.box[3] - self.box[1]))
        for index, (at_s, (x, y)) in enumerate(steps):
            for later_s, (later_x, later_y) in steps[index + 1 :]:
                if max(abs(later_x - x), abs(later_y - y)) > reach:
                    break
                if later_s - at_s >= _STOP_S:
                    return True
        return False

    def stopped_s(self) -> float:
        """Since when it has stood where it was seen last."""
        boxes = list(self.path)
        reach = _STOP_SHARE * max(1.0, min(self.box[2] - self.box[0], self.box[3] - self.box[1]))
        x, y = geometry.centre(self.box)
        since_s = boxes[-1][0]
        for at_s, box in reversed(boxes):
            other_x, other_y = geometry.centre(box)
            if max(abs(other_x - x), abs(other_y - y)) > reach:
                break
            since_s = at_s
        return since_s


class Actors:
    """The people and vehicles of the last two minutes."""

    def __init__(self, shape: tuple[int, int]) -> None:
        """For an analysis picture of shape (height_px, width_px)."""
        self.shape = shape
        self._actors: dict[int, Actor] = {}
        self._statures = statures.Statures()
        self.now_s = 0.0
        self._looked_s = 0.0
        """When the detector ran last: while nothing moves it does not, and all are where they were."""

    def __getitem__(self, track_id: int) -> Actor:
        return self._actors[track_id]

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._actors

    def __iter__(self) -> Iterator[Actor]:
        return iter(self._actors.values())

    def update(self, tracks: list[Track], now_s: float, *, detected: bool) -> list[Actor]:
        """Take in a frame's tracks; the actors that were just found out to have moved."""
        self.now_s = now_s
        if detected:
            self._looked_s = now_s
        movers = []
        for one in tracks:
            if one.label != track.PERSON and one.label not in track.VEHICLES:
                continue
            actor = self._actors.get(one.track_id)
            if actor is None:
                actor = Actor(one.track_id, one.label, False, 0.0, one.last_seen_s, one.first_seen_s)
                self._actors[one.track_id] = actor
            if one.moved and not actor.moved:
                movers.append(actor)
            self._see(actor, one)
        for track_id, actor in list(self._actors.items()):
            if now_s - actor.last_seen_s > _REMEMBER_S:
                del self._actors[track_id]
        return movers

    def note_arrivals(self, foreground: NDArray[np.bool_]) -> None:
        """Take vehicles and people that stand where the background shows none for arrived."""
        for actor in self:
            if actor.arrived or not self.is_seen(actor):
                continue
            if actor.is_person:
                actor.shown += self._shows_figure(actor.box, foreground)
                actor.arrived = actor.shown >= _FIGURE_LOOKS
            else:
                actor.arrived = bool(foreground[rows_and_columns(actor.box, self.shape)].mean() >= _ARRIVED_SHARE)

    def present(self) -> list[Actor]:
        """Believed actors that are seen now, in boxes that suit them."""
        return [one for one in self if one.believed and self.is_seen(one) and one.fills(one.box)]

    def is_seen(self, actor: Actor) -> bool:
        return self._looked_s - actor.last_seen_s <= _PRESENT_S

    def occupied(self) -> NDArray[np.bool_]:
        """The pixels inside the boxes of those present."""
        mask = np.zeros(self.shape, np.bool_)
        for actor in self.present():
            mask[rows_and_columns(actor.box, self.shape)] = True
        return mask

    def beside(self, box: Box, from_s: float, to_s: float, reach: float, *, on_ground: bool = True) -> list[Actor]:
        """Actors that came within `reach` of their own height of a box during a span, longest first.

        For a vehicle it is enough to have arrived: to bring something takes less belief than to be taken for it.

        A person's feet must also be about as far down the picture as the box's lower edge, unless `on_ground` is not
        asked for: who passes behind a thing overlaps it in the picture without being near it.
        """
        found = []
        for actor in self:
            if not (actor.believed or actor.arrived) or actor.first_seen_s > to_s or actor.last_seen_s < from_s:
                continue
            on_foot = on_ground and actor.is_person
            touches = sum(_is_beside(one, box, reach, on_foot=on_foot) for one in actor.during(from_s, to_s))
            if touches:
                found.append((touches, actor))
        return [actor for _, actor in sorted(found, key=lambda item: -item[0])]

    def still_stands(self, actor: Actor, foreground: NDArray[np.bool_], thing: Region) -> bool:
        """Whether a person is seen, or their last place still shows somebody: the upper half, above what lies there.

        A thing that reaches into that half does not count, unless it is as high as they are: then it may be them.
        """
        if self.is_seen(actor):
            return True
        x1, y1, x2, y2 = actor.box
        upper = rows_and_columns((x1, y1, x2, (y1 + y2) / 2), self.shape)
        shows = foreground[upper]
        if thing.box[1] > y1 + _HEAD_SHARE * (y2 - y1):
            shows = shows & ~thing.mask[upper]
        return shows.size > 0 and float(shows.mean()) >= _STANDS_SHARE

    def still_parked(self, actor: Actor, foreground: NDArray[np.bool_], apart: Box) -> bool:
        """Whether a vehicle is seen, or its last place, apart from a given box, is not bare."""
        if self.is_seen(actor):
            return True
        area = np.zeros(self.shape, np.bool_)
        area[rows_and_columns(actor.box, self.shape)] = True
        area[rows_and_columns(apart, self.shape)] = False
        count = int(np.count_nonzero(area))
        return count > 0 and float(np.count_nonzero(foreground & area)) / count >= _STANDS_SHARE

    def has_left(self, actor: Actor) -> bool:
        """Whether a track that is not seen went on under another number, or drove out of the picture."""
        if self.is_seen(actor):
            return False
        return self.heir(actor) is not None or (actor.cut_off and actor.last_seen_s - actor.stopped_s() < _STOP_S)

    def heir(self, actor: Actor) -> Actor | None:
        """The track of the same kind that began where and when this one was lost: the same one under a new number."""
        if self.is_seen(actor) or actor.cut_off:
            return None
        x, y = geometry.centre(actor.box)
        nearest, reach = None, _HEIR_HEIGHTS * actor.stature_px
        for other in self:
            gap_s = other.first_seen_s - actor.last_seen_s
            if other is actor or other.is_person != actor.is_person or not _HEIR_EARLY_S <= gap_s <= _HEIR_S:
                continue
            other_x, other_y = geometry.centre(other.path[0][1])
            away = max(abs(other_x - x), abs(other_y - y))
            if away <= reach:
                nearest, reach = other, away
        return nearest

    def _shows_figure(self, box: Box, foreground: NDArray[np.bool_]) -> bool:
        """Whether head and legs of a box are both new: a thing that is called a person fills its lower part at most."""
        middle = (box[1] + box[3]) / 2
        halves = (box[0], box[1], box[2], middle), (box[0], middle, box[2], box[3])
        shares = [foreground[rows_and_columns(half, self.shape)] for half in halves]
        return all(part.size > 0 and float(part.mean()) >= _FIGURE_SHARE for part in shares)

    def _see(self, actor: Actor, one: Track) -> None:
        height, width = self.shape
        box = (one.box[0] * width, one.box[1] * height, one.box[2] * width, one.box[3] * height)
        actor.label = one.label
        actor.moved = actor.moved or one.moved
        actor.confidence = max(actor.confidence, one.confidence)
        if not actor.path or one.last_seen_s > actor.path[-1][0]:
            actor.step(one.last_seen_s, box)
        if len(actor.path) == 1 or (actor.fills(box) and not self._is_low(actor, box, _LOW_SHARE)):
            self._place(actor, one.last_seen_s, box)
            if one.moved and one.label == track.PERSON and one.confidence >= _WALKER_SURE and not actor.cut_off:
                self._statures.add(box)
        actor.short = actor.confidence < track.SURE and self._is_low(actor, actor.box, _SHORT_SHARE)
        while actor.path and self.now_s - actor.path[0][0] > _REMEMBER_S and len(actor.path) > 1:
            actor.path.popleft()

    def _is_low(self, actor: Actor, box: Box, share: float) -> bool:
        """Whether a person's box is lower than a share of what stands at that row. One at the border is cut off."""
        height, width = self.shape
        if not actor.is_person or box[0] <= 1 or box[1] <= 1 or box[2] >= width - 1 or box[3] >= height - 1:
            return False
        usual_px = self._statures.at(box[3])
        return usual_px is not None and box[3] - box[1] < share * usual_px

    def _place(self, actor: Actor, at_s: float, box: Box) -> None:
        height, width = self.shape
        actor.box, actor.last_seen_s = box, max(actor.last_seen_s, at_s)
        across, down = 1 + _BORDER_SHARE * (box[2] - box[0]), 1 + _BORDER_SHARE * (box[3] - box[1])
        elsewhere = box[0] <= across or box[2] >= width - across or box[3] >= height - down
        actor.cut_off = elsewhere or box[1] <= down
        actor.headless = not elsewhere and box[1] <= down and box[3] - box[1] >= _INSIDE_SHARE * actor.stature_px


def _is_beside(one: Box, box: Box, reach: float, *, on_foot: bool) -> bool:
    height = one[3] - one[1]
    if on_foot and abs(one[3] - box[3]) > _SAME_DEPTH * height:
        return False
    return gap_px(one, box) <= reach * height


def gap_px(one: Box, other: Box) -> float:
    """Shortest way between two boxes, 0 where they touch."""
    across = max(0.0, one[0] - other[2], other[0] - one[2])
    down = max(0.0, one[1] - other[3], other[1] - one[3])
    return float(np.hypot(across, down))


def rows_and_columns(box: Box, shape: tuple[int, int]) -> tuple[slice, slice]:
    height, width = shape
    x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    return slice(y1, max(y1, y2)), slice(x1, max(x1, x2))
