"""Hears in the sizes of compressed pictures that something moves, without decoding them.

Between key frames an encoder sends what changed. While nothing moves that is the sensor's noise, and each size is about
what it was at the same distance from the key frame before: encoders spend less and less on a still picture. What moves
makes the sizes grow. How much they vary by themselves differs between cameras and between day and night, so each stream
is measured against its own still minutes, and the excess is summed up (Page's CUSUM): a large one tells at once, a
small one after some pictures.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

_KEPT = 1500
"""Sizes of still pictures that are remembered: a minute at 25 a second."""
_ENOUGH = 250
"""Before it dares an opinion: 10 s at 25 a second."""
_LEARN_EVERY_S, _RELEARN_EVERY_S = 10.0, 30.0
"""It costs a millisecond; until it knows enough, at each key frame; more seldom once it remembers all it can."""
_SETTLING = 3
"""Packets after a key frame whose sizes say little."""
_SPREAD_MIN = math.log(1.05)
_ALLOWED = 0.9
"""Spreads by which a size may exceed what is expected before it counts."""
_TELLS = 5.0
"""Spreads of excess, summed up, that tell; more where still pictures reached it."""
_MARGIN = 1.25
_ONE_MAX = 4.0
"""Spreads that one packet may add: a clock in the picture that ticks is no motion."""
_FAR = 8
"""Distances from the key frame are told apart by powers of two, up to this one."""


class _Kind:
    """Packets of one kind: pictures that others build on, or those between."""

    def __init__(self) -> None:
        self.limit = math.inf
        self._excess = 0.0
        self._spread = _SPREAD_MIN
        self._expected = [math.inf] * (_FAR + 1)
        self._fresh_fars: list[int] = []
        self._fresh: list[float] = []
        self._kept_fars: deque[int] = deque(maxlen=_KEPT)
        self._kept: deque[float] = deque(maxlen=_KEPT)

    @property
    def kept(self) -> int:
        return len(self._kept)

    def hear(self, size_bytes: int, since_key: int) -> bool:
        far = min(since_key.bit_length(), _FAR)
        size = math.log(size_bytes)
        over = min((size - self._expected[far]) / self._spread, _ONE_MAX) - _ALLOWED
        self._excess = max(0.0, self._excess + over)
        self._fresh_fars.append(far)
        self._fresh.append(size)
        if self._excess <= self.limit:
            return False
        self._excess = 0.0
        return True

    def settle(self, *, still: bool) -> None:
        """What was heard since it was last asked was of a still picture, or not."""
        if still:
            self._kept_fars.extend(self._fresh_fars)
            self._kept.extend(self._fresh)
        else:
            self._excess = 0.0
        self._fresh_fars.clear()
        self._fresh.clear()

    def learn(self) -> None:
        if not self._kept:
            return
        fars = np.fromiter(self._kept_fars, np.intp, len(self._kept_fars))
        kept = np.fromiter(self._kept, np.float64, len(self._kept))
        expected = np.full(_FAR + 1, np.inf)
        for far in set(self._kept_fars):
            expected[far] = np.median(kept[fars == far])
        off = kept - expected[fars]
        self._spread = max(_SPREAD_MIN, 1.48 * float(np.median(np.abs(off))))
        self._expected = expected.tolist()
        over = np.cumsum(np.minimum(off / self._spread, _ONE_MAX) - _ALLOWED)
        highest = float((over - np.minimum.accumulate(np.minimum(over, 0.0))).max())
        self.limit = max(_TELLS, _MARGIN * highest)


class PacketSizes:
    """One stream's packets between key frames. `hear` each; `key` at each key frame."""

    def __init__(self) -> None:
        self._kinds = _Kind(), _Kind()
        self._since_key = 0
        self._highest_s = 0.0
        self._learned_s = -math.inf

    @property
    def known(self) -> bool:
        """Whether it has heard enough of a still picture to tell."""
        return sum(kind.kept for kind in self._kinds) >= _ENOUGH

    def key(self, at_s: float, *, still: bool) -> None:
        """A key frame came; `still`: nothing moved since the one before it, so its sizes are of a still picture."""
        every_s = _RELEARN_EVERY_S if any(kind.kept == _KEPT for kind in self._kinds) else _LEARN_EVERY_S
        due = not self.known or abs(at_s - self._learned_s) >= every_s
        for kind in self._kinds:
            kind.settle(still=still)
            if due:
                kind.learn()
        if due:
            self._learned_s = at_s
        self._highest_s, self._since_key = at_s, 0

    def hear(self, size_bytes: int, pts_s: float) -> bool:
        """Whether something moves, by the size of the packet."""
        self._since_key += 1
        if self._since_key <= _SETTLING:
            return False
        between = pts_s < self._highest_s
        self._highest_s = max(pts_s, self._highest_s)
        return self._kinds[between].hear(size_bytes, self._since_key)
