"""How often a rule looks at pictures in which nothing moves: seldom, once it has been so for a while."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision.rules.base import Scene

_STIRRED_EVERY_S = 1.0
_CALM_AFTER_S, _CALM_EVERY_S = 60.0, 60.0
_IN_A_ROW_S = 2.0


class Stillness:
    """Of one camera; ask it once a frame."""

    def __init__(self) -> None:
        self._detected_s = self._stirred_s = -math.inf

    def look_every_s(self, scene: Scene) -> float:
        """The detector on one picture is a look at a still street; on two in a row something moves."""
        now_s = scene.frame.media_time_s
        if scene.frame.discontinuity or (scene.detected and now_s - self._detected_s <= _IN_A_ROW_S):
            self._stirred_s = now_s
        if scene.detected:
            self._detected_s = now_s
        return _STIRRED_EVERY_S if now_s - self._stirred_s < _CALM_AFTER_S else _CALM_EVERY_S
