"""Hears in the sizes of compressed pictures that something may move, without decoding them.

Between key frames an encoder sends what changed. While nothing moves that is the sensor's noise, and each size is about
what it was at the same distance from the key frame before: encoders spend less and less on a still picture. What moves
makes the sizes grow. How they vary by themselves differs between cameras and between day and night, so each stream is
measured against its own still minutes: a size counts by its rank among those, not by its bytes. Somebody who comes in
slowly at first makes no size large, but none is small any more: that tells as well.

What each rank says is summed up (Page's CUSUM). The sum does not say that something moves but that it is worth a look,
the sooner the less a look costs: whoever asks decodes what was left out and says what was seen.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from statistics import NormalDist

import numpy as np

_KEPT = 1500
"""Sizes of still pictures that are remembered: a minute at 25 a second."""
_ENOUGH, _ENOUGH_OF_A_KIND = 250, 50
"""Before it dares an opinion: 10 s at 25 a second."""
_LEARN_EVERY_S, _RELEARN_EVERY_S = 10.0, 30.0
"""It costs a millisecond; until it knows enough, at each key frame; more seldom once it remembers all it can."""
_SMALL_BYTES = 64
"""Differences of a few bytes say nothing."""
_STEP = 0.04
"""Sizes that differ by less than so much of themselves count as the same."""
_BINS = 48
_SPREAD_MIN = 0.05
_RANKS = (-2.0, -1.0, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
"""As quantiles of the normal distribution."""
_SAYS = (-3.0, -2.4, -2.0, -1.2, -0.8, 0.0, 0.3, 0.35, 0.4, 0.7, 1.7, 2.6, 3.3, 4.0)
"""What each says: how much likelier it is in somebody's first 0.4 s than on a still street, as a logarithm. Measured on
the tuning half of the clips of docs/design/capture.md."""
_BEYOND_RANKS, _BEYOND_SPREADS = (0.3, 0.7, 1.3, 2.0), (0.5, 1.0, 2.0)
"""Added to the highest rank for what is larger than all that is remembered, by spreads."""
_LOOK_AT, _LOOK_AT_MIN = 3.0, 1.0
"""Summed up, where a look costs as much as `_COST_UNIT`; and where it costs next to nothing."""
_COST_UNIT = 25 * 50**2
"""Pictures that a look decodes, times those from key frame to key frame squared: a second of a key frame each 2 s. The
longer the groups, the less the floor of key frames alone costs, and the fewer looks there may be beside it."""
_VAIN, _VAIN_MOST, _VAIN_AT_FIRST, _VAIN_FORGOTTEN_S = 1.0, 3.0, 2.0, 300.0
"""A look in vain makes it less ready for others, by so much for each `_COST_UNIT` that it cost: looks at a still street
stay a small part of what its key frames cost, whatever its noise is like."""


class _Kind:
    """Packets of one kind: pictures that others build on, or those between."""

    def __init__(self) -> None:
        self.fresh_places: list[int] = []
        """Distances from the key frame in packets."""
        self.fresh_bytes: list[int] = []
        self.kept_bytes: deque[int] = deque(maxlen=_KEPT)
        self.scales: list[float] = []
        """What a size is multiplied by to be compared, by its place; empty until learned."""
        self.edges: list[float] = []
        self.says: list[float] = []
        """Of what lies below each edge, and of what lies above the last one."""
        self._kept_places: deque[int] = deque(maxlen=_KEPT)

    def settle(self, *, still: bool) -> None:
        """What was heard since it was last asked was of a still picture, or not."""
        if still:
            self._kept_places.extend(self.fresh_places)
            self.kept_bytes.extend(self.fresh_bytes)
        self.fresh_places.clear()
        self.fresh_bytes.clear()

    def learn(self) -> None:
        count = len(self.kept_bytes)
        if count < _ENOUGH_OF_A_KIND:
            return
        places = np.log2(np.fromiter(self._kept_places, np.float64, count))
        sizes = np.log(np.fromiter(self.kept_bytes, np.float64, count) + _SMALL_BYTES)
        far = np.floor(2 * places)
        bands = [far == one for one in np.unique(far)]
        at = [float(places[band].mean()) for band in bands]
        usual = [float(np.median(sizes[band])) for band in bands]
        over = np.rint((sizes - np.interp(places, at, usual)) / _STEP)
        every = np.log2(np.arange(1, max(self._kept_places) + 1))
        self.scales = np.exp(-np.interp(every, at, usual)).tolist()
        self._rank(over)

    def _rank(self, over: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        """`over`: of what is remembered, steps above what is usual at its place."""
        values, counts = np.unique(over, return_counts=True)
        up_to = np.cumsum(counts)
        last = np.flatnonzero(np.diff(up_to * _BINS // len(over), append=-1))
        middle = (np.concatenate([[0], up_to[last][:-1]]) + up_to[last]) / 2 / len(over)
        normal = NormalDist()
        ranks = [normal.inv_cdf(min(max(share, 0.005), 0.995)) for share in middle.tolist()]
        ranks += [ranks[-1] + more for more in _BEYOND_RANKS]
        edges = (values[last] + 0.5) * _STEP
        spread = max(_SPREAD_MIN, 1.48 * _STEP * float(np.median(np.abs(over))))
        self.edges = np.exp([*edges, *(edges[-1] + spread * more for more in _BEYOND_SPREADS)]).tolist()
        self.says = np.interp(ranks, _RANKS, _SAYS).tolist()


class PacketSizes:
    """One stream's packets between key frames. `hear` each; `key` at each key frame; `looked` where it told."""

    def __init__(self) -> None:
        self._upon, self._between = _Kind(), _Kind()
        self._since_key = 0
        self._looked_to = 0
        """Up to which packet of the group a look decoded it."""
        self._group = 0
        """Packets from key frame to key frame."""
        self._highest_s = 0.0
        self._learned_s = -math.inf
        self._excess = 0.0
        self._vain, self._vain_s = _VAIN_AT_FIRST, 0.0
        self._vain_in_group = 0.0

    @property
    def known(self) -> bool:
        """Whether it has heard enough of a still picture to tell."""
        return len(self._upon.kept_bytes) + len(self._between.kept_bytes) >= _ENOUGH

    def key(self, at_s: float, *, still: bool) -> None:
        """A key frame came; `still`: nothing moved since the one before it, so its sizes are of a still picture."""
        kinds = self._upon, self._between
        for kind in kinds:
            kind.settle(still=still)
        if not still:
            self._excess = 0.0
        every_s = _RELEARN_EVERY_S if any(len(kind.kept_bytes) == _KEPT for kind in kinds) else _LEARN_EVERY_S
        if not self.known or abs(at_s - self._learned_s) >= every_s:
            self._learned_s = at_s
            for kind in kinds:
                kind.learn()
        self._group = self._since_key + 1
        self._highest_s, self._since_key, self._looked_to = at_s, 0, 0
        self._vain_in_group = 0.0

    def hear(self, size_bytes: int, pts_s: float) -> bool:
        """Whether it is worth a look, by the size of the packet."""
        place = self._since_key
        self._since_key = place + 1
        if pts_s < self._highest_s:
            kind = self._between
        else:
            kind = self._upon
            self._highest_s = pts_s
        kind.fresh_places.append(place + 1)
        kind.fresh_bytes.append(size_bytes)
        scales = kind.scales
        if not scales:
            return False
        scale = scales[place] if place < len(scales) else scales[-1]
        excess = self._excess + kind.says[bisect_right(kind.edges, (size_bytes + _SMALL_BYTES) * scale)]
        if excess <= _LOOK_AT_MIN:
            self._excess = max(0.0, excess)
            return False
        if excess <= self._look_at(pts_s) or not self.known:
            self._excess = excess
            return False
        self._excess = 0.0
        return True

    def looked(self, pts_s: float, *, in_vain: bool) -> None:
        """What it had told of was decoded up to there, and something moved or nothing did."""
        more = min(_VAIN * self._cost(), _VAIN_MOST) if in_vain else -self._vain_in_group
        self._vain = max(0.0, self._vain_at(pts_s) + more)
        self._vain_s = pts_s
        self._vain_in_group += more
        self._looked_to = self._since_key

    def _look_at(self, pts_s: float) -> float:
        return max(_LOOK_AT_MIN, _LOOK_AT + math.log(self._cost() or 1.0)) + self._vain_at(pts_s)

    def _cost(self) -> float:
        """Of a look now, in `_COST_UNIT`."""
        return (self._since_key - self._looked_to) * self._group**2 / _COST_UNIT

    def _vain_at(self, pts_s: float) -> float:
        return self._vain * math.exp(-abs(pts_s - self._vain_s) / _VAIN_FORGOTTEN_S)
