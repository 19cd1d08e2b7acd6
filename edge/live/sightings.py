"""What the analysis of a camera sees, for whoever shows it over the live picture; costs nothing while nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from wire.live import DETECTED_MAX, DetectedObject

if TYPE_CHECKING:
    from datetime import datetime

    from edge.mask import Masks
    from vision.geometry import Box
    from vision.rules.base import Scene
    from vision.track import Track

_UNSEEN_S = 1.0
"""A track ends two seconds after the detector saw it last; for half of them it is drawn where it is thought to be."""
_GAP_S = 1.0
"""Where pictures are looked at more seldom, because nothing moves, nothing is drawn: it would be gone between two."""
_EVERY_S = 0.09
_PLACES = 4
_LABEL_LENGTH_MAX = 60


class Sighting(NamedTuple):
    """Of one analysed picture."""

    captured_at: datetime
    """Device's clock."""
    media_time_s: float
    objects: list[DetectedObject]


class Onlooker(Protocol):
    """Is told on the thread that analyses: may not wait or raise."""

    def see(self, sighting: Sighting) -> None: ...


class Sightings:
    """Of one camera."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._lock = Lock()
        self._onlookers: tuple[Onlooker, ...] = ()
        self._detected: frozenset[int] = frozenset()
        """Tracks that were seen in the newest picture at which the detector looked."""
        self._looked_s = self._told_s = float("-inf")
        self._is_empty = True

    def join(self, onlooker: Onlooker) -> None:
        with self._lock:
            self._onlookers = (*self._onlookers, onlooker)

    def leave(self, onlooker: Onlooker) -> None:
        with self._lock:
            self._onlookers = tuple(one for one in self._onlookers if one is not onlooker)

    def saw(self, scene: Scene) -> None:
        """On the thread that analyses, with each picture that it looked at."""
        with self._lock:
            now_s = scene.frame.media_time_s
            rested = now_s - self._looked_s > _GAP_S
            self._looked_s = now_s
            if scene.detected:
                self._detected = frozenset(one.track_id for one in scene.tracks if now_s - one.last_seen_s <= _UNSEEN_S)
            if self._onlookers:
                self._tell(scene, [] if rested and not scene.detected else self._shown(scene.tracks))

    def _tell(self, scene: Scene, objects: list[DetectedObject]) -> None:
        now_s = scene.frame.media_time_s
        is_news = bool(objects) or not self._is_empty
        if not is_news or (objects and 0 <= now_s - self._told_s < _EVERY_S):
            return
        self._told_s, self._is_empty = now_s, not objects
        sighting = Sighting(scene.frame.captured_at, now_s, objects)
        for one in self._onlookers:
            one.see(sighting)

    def _shown(self, tracks: list[Track]) -> list[DetectedObject]:
        shown = [one for one in tracks if one.track_id in self._detected and not self._masks.hide(one.box)]
        shown.sort(key=lambda one: (not one.moved, -one.confidence))
        return [_object(one) for one in shown[:DETECTED_MAX]]


def _object(track: Track) -> DetectedObject:
    return DetectedObject(
        label=track.label[:_LABEL_LENGTH_MAX],
        confidence=round(min(max(float(track.confidence), 0.0), 1.0), 2),
        track_id=track.track_id,
        box=_within(track.box),
    )


def _within(box: Box) -> Box:
    x1, y1, x2, y2 = (round(min(max(float(edge), 0.0), 1.0), _PLACES) for edge in box)
    return x1, y1, max(x1, x2), max(y1, y2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen in the pictures of a stream that the room may have."""

    sightings: Sightings
    by_media_time: bool
    """Whether the stream is the one that is analysed: of the camera's other one only the time of arrival compares."""
