"""The camera no longer sees what it saw: covered, out of focus, turned away, frozen, or without a picture.

    usual view --much of it gone--> in doubt --for its seconds--> opened --the usual view for `clear_s`--> closed
        ^                              |                             |
        |                              +-- back: light, a bus        +-- a new view for `accept_s`: that is usual now
        +-- learned slowly, while it is seen

| kind | how it is known |
| covered | the usual edges are gone and hardly others have come |
| moved | the usual edges are gone and others have come |
| defocused | the rough picture is the same, its fine detail is gone |
| frozen | not a grey level changes, but for what the encoder repeats |
| lost_signal | no picture comes |

Light is no tampering: see `vision.camera_view`. A picture that goes dark is in doubt for longer, and is not taken for
covered while the mean of its noise still shows the usual edges.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from vision import camera_view
from vision.rules import base
from vision.rules.settings import RuleSettings
from vision.rules.stillness import Stillness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera_view import Agreement, Look
    from vision.rules.base import RuleEvent, Scene
    from vision.zones import Zone

Kind = Literal["covered", "defocused", "moved", "frozen", "lost_signal"]

_LOOK_EVERY_S = 1.0
_READY_LOOKS, _READY_S = 4, 5.0
"""What is usual is believed after so much of it."""
_SEEN_MAX = 0.3
"""Of the usual cells; with fewer in sight the camera is in doubt."""
_LEARN_SEEN_MIN = 0.5
_BLANK = 0.35
"""Detail, to the usual, below which there is nothing but a cover."""
_SHARP_MAX, _ALIKE_MIN = 0.45, 0.6
_DARK = 28.0
"""Grey levels; what is darker may be the night."""
_DARK_FACTOR = 12.0
_FAINTLY_SEEN_MAX = 0.25
_BLUR_FACTOR = 3.0
_DOTS_PX = 16
_DOTS_DIFFER = 4.0
"""Grey levels, on average; noise alone stays below. What differs so is looked at soon, also on a calm street."""
_SAMPLE_ROWS = 36
"""Rows of each picture that are compared to the last grey level."""
_REPEATS_S = 12.0
"""Longer than from one key frame to the next, or between two frames of a still street."""
_STEP_MAX_S = base.STILL_FRAME_S
_RECALL_S_MAX = 900.0
"""A view remembered for longer is of another light."""
_SURE = 0.9


class CameraTamperSettings(RuleSettings):
    """`[camera.rules.camera_tamper]`."""

    hold_s: float = Field(10.0, ge=1, le=3600)
    """Seconds that a cover or another view lasts before it counts; three times as long for a blur."""
    frozen_s: float = Field(60.0, ge=5, le=86400)
    """Seconds without any change in the picture."""
    lost_s: float = Field(30.0, ge=2, le=86400)
    """Seconds without a picture."""
    clear_s: float = Field(5.0, ge=0, le=3600)
    """Seconds of the usual view after which it is over."""
    accept_s: float = Field(900.0, ge=60, le=86400)
    """Seconds after which another view is taken for the usual one, and it is over."""
    severity: base.Severity = "high"


@dataclass(slots=True)
class _Open:
    """The occurrence that goes on; one at a time."""

    number: int
    kind: Kind
    began_s: float
    confidence: float


class CameraTamper(base.Rule):
    """The rule. Zones do not concern it: it looks at the whole picture."""

    name: ClassVar[str] = "camera_tamper"
    lasting: ClassVar[bool] = True

    def __init__(self, settings: CameraTamperSettings, zones: list[Zone]) -> None:
        del zones
        self._settings = settings
        self._view: camera_view.UsualView | None = None
        self._mean = camera_view.MeanPicture()
        self._stillness = Stillness()
        self._dots = np.zeros((0, 0, 3), np.int16)
        """Of the picture that was looked at last."""
        self._looked_s: float | None = None
        self._pictured_s: float | None = None
        """Of the newest picture, looked at or not."""
        self._samples: deque[tuple[float, bytes]] = deque()
        self._changed_s = 0.0
        self._was_alive = False
        self._doubt: tuple[Kind, float] | None = None
        """Of what, and since when."""
        self._strange_since_s: float | None = None
        self._usual_since_s: float | None = None
        self._open: _Open | None = None
        self._next_number = 1
        self._now_s = 0.0

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        self._pictured_s = self._now_s
        self._note_change(scene)
        every_s = self._look_every_s(scene)
        step_s = every_s if self._looked_s is None else self._now_s - self._looked_s
        if step_s < every_s and not self._is_lost():
            return []
        self._looked_s = self._now_s
        self._dots = _dots(scene.frame.image)
        return self._judge(self._kind_of(camera_view.look(scene.frame.shrunk()), min(step_s, _STEP_MAX_S)))

    def _look_every_s(self, scene: Scene) -> float:
        every_s = self._stillness.look_every_s(scene)
        suspects = self._doubt is not None or self._open is not None or self._may_be_frozen()
        if scene.detected or suspects or not self._is_ready():
            return _LOOK_EVERY_S
        dots = _dots(scene.frame.image)
        alike = dots.shape == self._dots.shape and float(np.abs(dots - self._dots).mean()) < _DOTS_DIFFER
        return every_s if alike else _LOOK_EVERY_S

    def _is_ready(self) -> bool:
        return self._view is not None and self._view.looks >= _READY_LOOKS and self._view.learned_s >= _READY_S

    def without_picture(self, at_s: float) -> list[RuleEvent]:
        last_s = self._pictured_s
        if last_s is None or at_s - last_s < self._settings.lost_s:
            return []
        self._now_s = at_s
        self._doubt = ("lost_signal", last_s)
        return self._judge("lost_signal")

    def snapshot(self) -> dict[str, Any]:
        found = None if self._open is None else asdict(self._open)
        if found is not None:
            found["began_s"] -= self._now_s
        return {"next_number": self._next_number, "open": found}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            self._open = None if state["open"] is None else _Open(**state["open"])
            if self._open is not None:
                self._open.began_s -= ago_s
            self._next_number = int(state["next_number"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of camera_tamper: {error}") from error

    def memory(self) -> bytes | None:
        return None if self._view is None else self._view.to_bytes()

    def recall(self, memory: bytes, ago_s: float) -> None:
        view = camera_view.UsualView.of_bytes(memory)
        if ago_s <= _RECALL_S_MAX:
            self._view = view

    @property
    def waits(self) -> bool:
        return self._doubt is not None and self._open is None and self._doubt[0] != "frozen"

    def _is_lost(self) -> bool:
        return self._open is not None and self._open.kind == "lost_signal"

    def _may_be_frozen(self) -> bool:
        return self._was_alive and self._now_s - self._changed_s >= self._settings.frozen_s

    def _note_change(self, scene: Scene) -> None:
        """A picture like one a moment ago is no new one: encoders repeat a frozen one in turns, noise never does."""
        image = scene.frame.image
        sample = hashlib.blake2b(image[:: max(1, image.shape[0] // _SAMPLE_ROWS)].tobytes(), digest_size=16).digest()
        while self._samples and self._now_s - self._samples[0][0] > _REPEATS_S:
            self._samples.popleft()
        known = any(one == sample for _, one in self._samples)
        self._was_alive = self._was_alive or (bool(self._samples) and not known)
        if not known or scene.frame.discontinuity:
            self._changed_s = self._now_s
        self._samples.append((self._now_s, sample))

    def _kind_of(self, seen: Look, step_s: float) -> Kind | None:
        """What is wrong with the picture now, if anything; learns what is usual from the others."""
        if self._may_be_frozen():
            return "frozen"
        if self._view is None or self._view.shape != seen.edges.shape:
            self._view = camera_view.UsualView(seen)
            return None
        found = self._view.compare(seen)
        ready = self._is_ready()
        kind = None if found is None or not ready else self._strange(found)
        if kind in {"covered", "moved"}:
            self._mean.add(seen.grey, step_s)
            if seen.brightness < _DARK and self._shows_faintly():
                return None
        elif kind is None:
            self._mean = camera_view.MeanPicture()
            if found is None or not ready or found.seen >= _LEARN_SEEN_MIN:
                self._view.learn(seen, step_s)
        return self._accept(kind, seen)

    def _strange(self, found: Agreement) -> Kind | None:
        strictness = self._settings.strictness
        if found.sharpness < _SHARP_MAX / strictness and found.alike > _ALIKE_MIN:
            return "defocused"
        if found.seen < _SEEN_MAX / strictness:
            return "covered" if found.detail < _BLANK else "moved"
        return None

    def _shows_faintly(self) -> bool:
        view, mean = self._view, self._mean.grey
        return view is not None and mean is not None and view.faintly_seen(mean) > _FAINTLY_SEEN_MAX

    def _accept(self, kind: Kind | None, seen: Look) -> Kind | None:
        """A view that stays strange for long is the usual one from then on."""
        if kind is None:
            self._strange_since_s = None
        elif self._strange_since_s is None:
            self._strange_since_s = self._now_s
        elif self._now_s - self._strange_since_s >= self._settings.accept_s and kind == "moved":
            self._view, self._strange_since_s = camera_view.UsualView(seen), None
            return None
        return kind

    def _judge(self, kind: Kind | None) -> list[RuleEvent]:
        if kind is None:
            self._doubt = None
        elif self._doubt is None or self._doubt[0] != kind:
            began_s = self._changed_s if kind == "frozen" else self._now_s
            # A cover that slides over the lens is a blur first, then a cover: one doubt.
            self._doubt = kind, self._doubt[1] if self._doubt is not None and kind != "frozen" else began_s
        if self._open is not None:
            return self._go_on(kind)
        if kind is None or self._doubt is None or self._now_s - self._doubt[1] < self._seconds_of(kind):
            return []
        self._open = _Open(self._next_number, kind, self._doubt[1], _SURE)
        self._next_number += 1
        self._usual_since_s = None
        return [self._event(self._open, "opened", {})]

    def _seconds_of(self, kind: Kind) -> float:
        match kind:
            case "frozen":
                return self._settings.frozen_s
            case "lost_signal":
                return self._settings.lost_s
            case "defocused":
                return self._settings.hold_s * _BLUR_FACTOR
            case _:
                dark = self._mean.grey is not None and float(self._mean.grey.mean()) < _DARK
                return self._settings.hold_s * (_DARK_FACTOR if dark else 1.0)

    def _go_on(self, kind: Kind | None) -> list[RuleEvent]:
        opened = self._open
        if opened is None or kind is not None:
            self._usual_since_s = None
            return []
        if self._usual_since_s is None:
            self._usual_since_s = self._now_s
        if self._now_s - self._usual_since_s < self._settings.clear_s:
            return []
        self._open, self._usual_since_s = None, None
        return [self._event(opened, "closed", {"lasted_s": round(self._now_s - opened.began_s, 1)})]

    def _event(self, opened: _Open, phase: base.Phase, attributes: dict[str, Any]) -> RuleEvent:
        return base.RuleEvent(
            rule=self.name,
            occurrence=opened.number,
            phase=phase,
            occurred_s=self._now_s,
            severity=self._settings.severity,
            confidence=opened.confidence,
            objects=[],
            began_s=opened.began_s,
            attributes={"kind": opened.kind, **attributes},
        )


def _dots(image: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Every so many pixels one: hardly costs anything."""
    return image[::_DOTS_PX, ::_DOTS_PX].astype(np.int16)
