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
    """Of one connection: the camera's pace, but never ahead of when a picture is there.

    A stream that is opened comes with what queued meanwhile, and a camera's clock may run too fast; what is stamped
    early a player holds back, and everything after it for as long.
    """

    def __init__(self) -> None:
        self._shift: int | None = None
        self._last = -1
        self._sent_s = 0.0
        self._earliest = (0, 0.0)
        """Stamp of the picture that came soonest for its time, and when it was sent."""

    def of(self, packet: LivePacket, now_s: float) -> int:
        """`now_s`: on a monotonic clock, when it is sent."""
        own = round(packet.at_s * TICKS_A_SECOND) - packet.ahead * CATCHING_UP
        first = self._shift is None
        shift = -own if self._shift is None else self._shift
        if not first:
            expected = self._last + _ticks(now_s - self._sent_s)
            if not self._last - _BACK <= own + shift <= expected + _AHEAD:
                shift = expected - own
        if packet.ahead == 0:
            shift = self._not_ahead(own, shift, now_s, first=first)
        self._shift, self._sent_s = shift, now_s
        self._last = max(self._last + 1, own + shift)
        return self._last

    def of_media_time(self, at_s: float) -> int | None:
        """Of the picture of that media time, sent or about to be; None: none was sent yet."""
        return None if self._shift is None else round(at_s * TICKS_A_SECOND) + self._shift

    def of_arrival(self, came_s: float) -> int | None:
        """Of the picture that came at that time of the monotonic clock, counted from the one that came soonest."""
        stamp, sent_s = self._earliest
        return stamp + _ticks(came_s - sent_s) if sent_s else None

    def _not_ahead(self, own: int, shift: int, now_s: float, *, first: bool) -> int:
        stamp, sent_s = self._earliest
        lead = 0 if first or not sent_s else own + shift - stamp - _ticks(now_s - sent_s)
        if lead >= 0:
            shift -= lead
            self._earliest = own + shift, now_s
        return shift


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS_A_SECOND)
