"""Time stamps of RTP out of a camera's media time: they never go back, whatever becomes of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.live.outlet import LivePacket

TICKS_A_SECOND = 90_000
CATCHING_UP = 30
"""Ticks between pictures of a group that is sent at once. At their own times a player would think that it must wait for
each, and would show everything after them as late as the group was long."""
_BACK, _AHEAD = TICKS_A_SECOND // 2, 10 * TICKS_A_SECOND
"""A step that no stream makes: the camera's media time has begun anew."""


class Stamps:
    """Of one connection."""

    def __init__(self) -> None:
        self._shift: int | None = None
        self._last = 0
        self._sent_s = 0.0

    def of(self, packet: LivePacket, now_s: float) -> int:
        """`now_s`: on a monotonic clock, when it is sent."""
        own = round(packet.at_s * TICKS_A_SECOND) - packet.ahead * CATCHING_UP
        if self._shift is None:
            self._shift, self._last = -own, -1
        expected = self._last + round((now_s - self._sent_s) * TICKS_A_SECOND)
        if self._sent_s and not self._last - _BACK <= own + self._shift <= expected + _AHEAD:
            self._shift = expected - own
        self._last, self._sent_s = max(self._last + 1, own + self._shift), now_s
        return self._last
