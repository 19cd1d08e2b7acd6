"""Whether one more viewer can be taken without spoiling it for those who are there."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_room.config import Media

_OVER_S = 3.0
_AT_LEAST_BITS_S = 500_000.0
"""Of a stream of which not enough has come yet."""


@dataclass(slots=True)
class Load:
    """Of this process, measured: `beat` is called by the event loop at even intervals."""

    cpu_s: Callable[[], float] = time.process_time
    _beats: deque[tuple[float, float, float]] = field(default_factory=deque)
    """When, processor time until then, by how much the beat was late."""

    def beat(self, now_s: float, late_s: float) -> None:
        self._beats.append((now_s, self.cpu_s(), max(0.0, late_s)))
        while now_s - self._beats[0][0] > _OVER_S:
            self._beats.popleft()

    @property
    def cpu_share(self) -> float:
        """Of one core."""
        if len(self._beats) < 2:  # noqa: PLR2004 - a share needs two
            return 0.0
        (began_s, used_s, _), (now_s, used_now_s, _) = self._beats[0], self._beats[-1]
        return (used_now_s - used_s) / max(now_s - began_s, 1e-6)

    @property
    def lag_ms(self) -> float:
        """How late the loop is, of most beats (the ninetieth of a hundred)."""
        late = sorted(late_s for _, _, late_s in self._beats)
        return 1000 * late[int(0.9 * (len(late) - 1))] if late else 0.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is there already."""

    viewers: int
    bits_s: float
    """To all of them together."""


def refusal(limits: Media, load: Load, crowd: Crowd, stream_bits_s: float) -> str | None:
    """Why one more viewer of a stream of that rate would be one too many; None: it is welcome."""
    if crowd.viewers >= limits.viewers_max:
        return f"{crowd.viewers} watch already, which is the limit (media.viewers_max)"
    mbit_s = (crowd.bits_s + max(stream_bits_s, _AT_LEAST_BITS_S)) / 1e6
    if mbit_s > limits.viewers_mbit_s:
        return f"with this viewer {mbit_s:.0f} Mbit/s would go out; the limit is {limits.viewers_mbit_s:.0f}"
    if not crowd.viewers:
        return None  # there is nobody for whom it could be spoilt
    if load.lag_ms > limits.lag_ms_max:
        return f"the media process is {load.lag_ms:.0f} ms late already; the limit is {limits.lag_ms_max:.0f} ms"
    share = load.cpu_share
    expected = share * (crowd.viewers + 1) / crowd.viewers
    if expected > limits.cpu_share_max:
        return f"{expected:.0%} of a core would be used; the limit is {limits.cpu_share_max:.0%}"
    return None


@dataclass(slots=True)
class Tokens:
    """So many a second, and some at once."""

    rate_s: float
    burst: float
    _left: float = -1.0
    _at_s: float = 0.0

    def take(self, now_s: float) -> bool:
        if self._left < 0:
            self._left, self._at_s = self.burst, now_s
        self._left = min(self.burst, self._left + self.rate_s * (now_s - self._at_s))
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
