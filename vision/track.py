"""Joins the detections of one object over time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vision import geometry

if TYPE_CHECKING:
    from vision.camera_motion import Similarity
    from vision.detect import Detection
    from vision.geometry import Box

PERSON = "person"
VEHICLES = frozenset({"car", "truck", "bus", "motorcycle", "train"})

_OTHER = "other"
_LOST_S = 2.0
"""A track that was not detected for so long, while the detector ran, ends."""
_STEP_S_MAX = 0.5
"""The longest step that the tracker's clock takes: while nothing moves nobody runs the detector, and nobody leaves."""
_NOMINAL_FPS = 5.0
_MATCH_IOU_MIN = 0.1
_MOVED_HEIGHTS = 0.35
"""Down or up the picture by so much of its own height: farther than boxes jitter."""
_MOVED_WIDTHS = {PERSON: 0.8, "vehicle": 0.35, _OTHER: 0.8}
"""Likewise sideways, by its own width: a person is about three times as high as wide."""
_SMOOTHED = 3
"""Detections whose median is a track's place, against jitter."""
_HEIR_S = 4.0
_HEIR_HEIGHTS = 0.6
_HEIR_WIDTHS = 1.2
"""A track that starts within so many seconds and own sizes of the end of one that moved is the same mover."""
_BORDER = 0.015
"""An edge of a box so near the picture's border is taken for cut off."""
_FIXTURE_S = 180.0
"""A person who never moved from one place for so long, in however many tracks, is a statue, a poster or a stone."""
_FIXTURE_IOU = 0.5
_FIXTURES_MAX = 64
_FIXTURE_FORGOTTEN_S = 1800.0
_CLEAR = 0.5
_UNCLEAR_S = 1.0
"""Whom the detector saw with less than this confidence in the last second, it may miss in the next picture."""
_MAY_MOVE_S = 30.0
"""Who has not moved for so long since they were first seen hardly will."""
_FEW = 4
"""With more movers than these there is always one in doubt, and no rule depends on each of them."""
_TRACKER_SCALE = 1000.0
"""The tracker's filter is tuned for pixels, not for 0..1."""


@dataclass(frozen=True, slots=True)
class Track:
    """One object as it stands now."""

    track_id: int
    label: str
    confidence: float
    """Of the newest detection."""
    box: Box
    first_seen_s: float
    last_seen_s: float
    """Media time of the newest detection; the object may be hidden since."""
    moved: bool
    """It once moved clearly; a stone that is called a person never does."""


SURE = 0.6
"""Confidence from which a person who never moved is believed to be one."""


@dataclass(slots=True)
class _History:
    """What is remembered of a track to tell movers from false detections."""

    track: Track
    first_clock_s: float
    last_clock_s: float
    unclear_s: float = -np.inf
    """Tracker's clock when the detector hardly saw it."""
    recent: list[Box] = field(default_factory=list)
    recent_s: list[float] = field(default_factory=list)
    """Media times of these."""
    origin: Box | None = None

    def follow(self, movement: Similarity) -> None:
        """Where it was is elsewhere in the picture now: the camera moved."""
        self.track = replace(self.track, box=movement.box(self.track.box))
        self.recent = [movement.box(box) for box in self.recent]
        self.origin = None if self.origin is None else movement.box(self.origin)


@dataclass(slots=True)
class _Fixture:
    """A place at which the detector sees a person who never moves."""

    box: Box
    last_s: float
    seen_s: float = 0.0


def _group(label: str) -> str:
    """Labels that the model mixes up belong to one tracker, so that a van that is now a car, now a truck is one."""
    if label == PERSON:
        return PERSON
    return "vehicle" if label in VEHICLES else _OTHER


class Tracker:
    """ByteTrack, once for people, vehicles and the rest, with ids that never come again.

    Call `update` on frames on which the detector ran and `hold` on the others.
    """

    def __init__(self) -> None:
        self._trackers: dict[str, Any] = {}
        self._histories: dict[tuple[str, int], _History] = {}
        self._ended: list[_History] = []
        self._fixtures: list[_Fixture] = []
        self._next_id = 1
        self._clock_s = 0.0
        self._last_s: float | None = None
        self._to_reference: Similarity | None = None
        """From the present picture to one that stands still, in which the tracker counts; None: they are the same."""
        self.in_doubt = True
        """The detector's last look left it open where one of few movers is: so look again at once."""

    def update(self, detections: list[Detection], media_time_s: float, *, discontinuity: bool = False) -> list[Track]:
        """Take in what the detector found; the tracks that live after it."""
        if discontinuity:
            self._reset()
        self._advance(media_time_s)
        self.in_doubt = False
        for group in sorted({_group(one.label) for one in detections} | set(self._trackers)):
            self._associate(group, [one for one in detections if _group(one.label) == group], media_time_s)
        self._end_lost()
        self.in_doubt |= any(self._is_open(group, history) for (group, _), history in self._histories.items())
        self.in_doubt &= not self._is_crowd()
        return self.tracks()

    def camera_moved(self, movement: Similarity) -> None:
        """The camera moved since the picture before; to be called before `update`, `hold` or `carry`."""
        back = movement.back()
        self._to_reference = back if self._to_reference is None else back.then(self._to_reference)
        for history in (*self._histories.values(), *self._ended):
            history.follow(movement)
        for fixture in self._fixtures:
            fixture.box = movement.box(fixture.box)

    def _is_open(self, group: str, history: _History) -> bool:
        """Whether the next picture may decide something about a person or vehicle: one more look is worth it."""
        age_s = self._clock_s - history.first_clock_s
        if group == _OTHER or (not history.track.moved and age_s >= _MAY_MOVE_S):
            return False
        missed = history.last_clock_s < self._clock_s
        unclear = self._clock_s - history.unclear_s < _UNCLEAR_S
        return missed or unclear or not history.track.moved or _is_cut_off(history.track.box)

    def _is_crowd(self) -> bool:
        return sum(history.track.moved for history in self._histories.values()) > _FEW

    def hold(self, media_time_s: float, *, discontinuity: bool = False) -> list[Track]:
        """Nothing moved, so the detector was not run: everybody is where they were."""
        if discontinuity:
            self._reset()
        self._last_s = media_time_s
        return self.tracks()

    def carry(self, media_time_s: float) -> list[Track]:
        """Something moves, but the detector did not look: whoever it saw last goes on as they went."""
        histories = {history.track.track_id: history for history in self._histories.values()}
        return [self._carried(histories[one.track_id], media_time_s) for one in self.tracks()]

    def _carried(self, history: _History, media_time_s: float) -> Track:
        track = history.track
        if not track.moved or history.last_clock_s < self._clock_s or len(history.recent_s) < _SMOOTHED:
            return track
        ahead = (media_time_s - track.last_seen_s) / max(history.recent_s[-1] - history.recent_s[0], 1e-3)
        (x_before, y_before), (x, y) = geometry.centre(history.recent[0]), geometry.centre(history.recent[-1])
        return replace(track, box=_shifted(track.box, ahead * (x - x_before), ahead * (y - y_before)))

    def tracks(self) -> list[Track]:
        """All but those of persons who are part of the scene."""
        tracks = [history.track for history in self._histories.values()]
        if not self._fixtures:
            return tracks
        return [one for one in tracks if one.moved or one.label != PERSON or not self._is_fixture(one)]

    def _is_fixture(self, track: Track) -> bool:
        return any(
            one.seen_s >= _FIXTURE_S and geometry.iou(one.box, track.box) >= _FIXTURE_IOU for one in self._fixtures
        )

    def _note_fixture(self, track: Track) -> None:
        """Add to how long a person at this place has not moved."""
        for one in self._fixtures:
            if geometry.iou(one.box, track.box) >= _FIXTURE_IOU:
                one.seen_s += min(self._clock_s - one.last_s, _STEP_S_MAX)
                one.last_s = self._clock_s
                return
        self._fixtures = [one for one in self._fixtures if self._clock_s - one.last_s < _FIXTURE_FORGOTTEN_S]
        self._fixtures = [*self._fixtures[1 - _FIXTURES_MAX :], _Fixture(track.box, self._clock_s)]

    def _leave_fixture(self, box: Box) -> None:
        """Whoever was taken for one walked away."""
        self._fixtures = [one for one in self._fixtures if geometry.iou(one.box, box) < _FIXTURE_IOU]

    def _reset(self) -> None:
        self._trackers.clear()
        self._histories.clear()
        self._ended.clear()
        self._to_reference = None

    def _advance(self, media_time_s: float) -> None:
        step_s = 1.0 / _NOMINAL_FPS if self._last_s is None else media_time_s - self._last_s
        self._clock_s += min(max(step_s, 0.0), _STEP_S_MAX)
        self._last_s = media_time_s

    def _associate(self, group: str, detections: list[Detection], media_time_s: float) -> None:
        import supervision  # noqa: PLC0415 - takes two seconds, which only a running camera need pay

        still = self._to_reference
        placed = [one.box if still is None else still.box(one.box) for one in detections]
        boxes = np.array(placed, np.float32).reshape(-1, 4) * _TRACKER_SCALE
        found = supervision.Detections(
            xyxy=boxes,
            confidence=np.array([one.confidence for one in detections], np.float32),
            data={"index": np.arange(len(detections))},
        )
        tracked = self._tracker(group).update(found, timestamp=self._clock_s)
        for index, raw_id in zip(tracked.data.get("index", ()), tracked.tracker_id, strict=True):
            if raw_id >= 0:
                self._seen((group, int(raw_id)), detections[int(index)], media_time_s)
            else:
                self.in_doubt |= group != _OTHER

    def _tracker(self, group: str) -> Any:
        if group not in self._trackers:
            import trackers  # noqa: PLC0415 - as above

            self._trackers[group] = trackers.ByteTrackTracker(
                lost_track_buffer=round(_LOST_S * 30),  # counted in thirtieths of a second, whatever the frame rate
                frame_rate=_NOMINAL_FPS,
                track_activation_threshold=0.0,  # the detector's own threshold has chosen already
                high_conf_det_threshold=0.0,
                minimum_consecutive_frames=2,
                minimum_iou_threshold=_MATCH_IOU_MIN,
            )
        return self._trackers[group]

    def _seen(self, key: tuple[str, int], detection: Detection, media_time_s: float) -> None:
        history = self._histories.get(key)
        if history is None:
            track = Track(
                track_id=self._next_id,
                label=detection.label,
                confidence=detection.confidence,
                box=detection.box,
                first_seen_s=media_time_s,
                last_seen_s=media_time_s,
                moved=self._inherits(key[0], detection.box),
            )
            history = self._histories[key] = _History(track, self._clock_s, self._clock_s)
            self._next_id += 1
        before = history.track.moved
        history.last_clock_s = self._clock_s
        if detection.confidence < _CLEAR:
            history.unclear_s = self._clock_s
        history.recent = [*history.recent[1 - _SMOOTHED :], detection.box]
        history.recent_s = [*history.recent_s[1 - _SMOOTHED :], media_time_s]
        history.track = replace(
            history.track,
            label=detection.label,
            confidence=detection.confidence,
            box=detection.box,
            last_seen_s=media_time_s,
            moved=history.track.moved or _has_moved(key[0], history),
        )
        if key[0] != PERSON:
            return
        if not history.track.moved:
            self._note_fixture(history.track)
        elif not before and history.origin is not None:
            self._leave_fixture(history.origin)

    def _inherits(self, group: str, box: Box) -> bool:
        unseen = [one for one in self._histories.values() if one.last_clock_s < self._clock_s]
        return any(
            _group(one.track.label) == group
            and one.track.moved
            and self._clock_s - one.last_clock_s <= _HEIR_S
            and _near(one.track.box, box)
            for one in (*unseen, *self._ended)
        )

    def _end_lost(self) -> None:
        for key, history in list(self._histories.items()):
            if self._clock_s - history.last_clock_s > _LOST_S:
                self._ended.append(self._histories.pop(key))
        self._ended = [one for one in self._ended if self._clock_s - one.last_clock_s <= _HEIR_S]


def _is_cut_off(box: Box) -> bool:
    return min(box) <= _BORDER or max(box) >= 1 - _BORDER


def _shifted(box: Box, across: float, down: float) -> Box:
    """As far as it stays in the picture."""
    x1, x2 = (min(max(x + across, 0.0), 1.0) for x in (box[0], box[2]))
    y1, y2 = (min(max(y + down, 0.0), 1.0) for y in (box[1], box[3]))
    return x1, y1, x2, y2


def _near(one: Box, other: Box) -> bool:
    width = max(one[2] - one[0], other[2] - other[0])
    height = max(one[3] - one[1], other[3] - other[1])
    (x1, y1), (x2, y2) = geometry.centre(one), geometry.centre(other)
    return abs(x1 - x2) <= _HEIR_WIDTHS * width and abs(y1 - y2) <= _HEIR_HEIGHTS * height


def _has_moved(group: str, history: _History) -> bool:
    """Whether both of two opposite edges are clearly elsewhere than where the track began.

    A box of which only one edge wanders (someone is half hidden, the model changes its mind) has not moved.
    """
    if len(history.recent) < _SMOOTHED:
        return False
    x1, y1, x2, y2 = (float(edge) for edge in np.median(np.array(history.recent), axis=0))
    if history.origin is None:
        history.origin = (x1, y1, x2, y2)
        return False
    across = _shift(history.origin[0], x1, history.origin[2], x2)
    down = _shift(history.origin[1], y1, history.origin[3], y2)
    return across >= _MOVED_WIDTHS[group] * (x2 - x1) or down >= _MOVED_HEIGHTS * (y2 - y1)


def _shift(low_before: float, low: float, high_before: float, high: float) -> float:
    """How far both edges went the same way. An edge at the picture's border is cut off and says nothing."""
    shifts = [
        after - before
        for before, after in ((low_before, low), (high_before, high))
        if min(before, after) > _BORDER and max(before, after) < 1 - _BORDER
    ]
    if not shifts or min(shifts) * max(shifts) <= 0:
        return 0.0
    return min(abs(shift) for shift in shifts)
