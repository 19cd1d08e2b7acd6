"""Where live video takes a stream from: whoever comes begins with the newest key frame at once."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from edge.recording import recode

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge.source import PacketSink, StoredPacket, StreamFacts

GROUP_LIMIT_BYTES = 8 * 1024 * 1024
"""Of the pictures since the newest key frame; a longer group is let go, and whoever comes waits for the next."""

_FRESH_S = 2.0
"""A group on which nothing followed for longer is not given any more: the room would take it for the present."""


class LivePacket(NamedTuple):
    """A compressed picture on its way to the room."""

    data: bytes
    key: bool
    at_s: float
    """The camera's media time, which goes on when the stream is opened again; of a group that is given at once, that
    of its newest picture."""
    ahead: int = 0
    """How many pictures of such a group come after it."""


class Taker(Protocol):
    """Takes a stream's packets, if browsers play them, on the thread that reads the camera: may not wait or raise."""

    def take(self, packet: LivePacket) -> None: ...


class Listener:
    """A sink among the takers: it hears of the stream's beginning and end too."""

    def __init__(self, sink: PacketSink) -> None:
        self.sink = sink


class Outlet:
    """One stream of a camera, a sink of its packets that keeps the newest group of pictures. For several threads."""

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        *,
        limit_bytes: int = GROUP_LIMIT_BYTES,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`changed`: called when a stream begins, or turns out to be none that browsers play."""
        self._changed = changed
        self._limit_bytes = limit_bytes
        self._monotonic_s = monotonic_s
        self._came_s = float("-inf")
        self._lock = Lock()
        self._facts: StreamFacts | None = None
        self._starts_s = 0.0
        self._group: list[tuple[StoredPacket, datetime]] = []
        self._group_bytes = 0
        self._newest_pts_s = float("-inf")
        self._reorders = False
        self._takers: tuple[Taker | Listener, ...] = ()

    @property
    def facts(self) -> StreamFacts | None:
        """None while no pictures come."""
        return self._facts

    @property
    def unplayable(self) -> str:
        """Why browsers do not play its packets over WebRTC, in a few words; empty: they do."""
        facts = self._facts
        if facts is None or (recode.plays_in_browsers(facts) and not self._reorders):
            return ""
        if facts.codec != "h264":
            return f"the camera sends {facts.codec}"
        return "the camera sends pictures out of their order" if self._reorders else f"it sends {facts.pixel_format}"

    # As a sink, on the thread that reads the camera.

    def begin(self, facts: StreamFacts, starts_s: float) -> None:
        with self._lock:
            self._facts, self._starts_s = facts, starts_s
            self._newest_pts_s, self._reorders = float("-inf"), False
            self._forget_group()
            for one in self._takers:
                if isinstance(one, Listener):
                    one.sink.begin(facts, starts_s)
        self._changed()

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        with self._lock:
            newly = not self._reorders and packet.pts_s < self._newest_pts_s
            self._reorders = self._reorders or newly
            self._newest_pts_s = max(self._newest_pts_s, packet.pts_s)
            self._came_s = self._monotonic_s()
            self._keep(packet, captured_at)
            for one in self._takers:
                if isinstance(one, Listener):
                    one.sink.append(packet, captured_at)
                elif not self.unplayable:
                    one.take(LivePacket(packet.data, packet.key, self._starts_s + packet.pts_s))
        if newly:
            self._changed()

    def lost(self) -> None:
        with self._lock:
            self._facts = None
            self._forget_group()
            for one in self._takers:
                if isinstance(one, Listener):
                    one.sink.lost()

    # For whoever takes.

    def join(self, taker: Taker | Listener) -> None:
        """Give it the newest group of pictures, unless the camera stands still, and from now on every packet."""
        with self._lock:
            self._takers = (*self._takers, taker)
            self._catch_up(taker)

    def again(self, taker: Taker, limit_bytes: int) -> bool:
        """Give it the group once more, for it has lost a packet; false where that is more than so much, or nothing."""
        with self._lock:
            if not self._group or self._group_bytes > limit_bytes or self.unplayable or self._stands_still:
                return False
            self._catch_up(taker)
            return True

    def leave(self, taker: Taker | Listener) -> None:
        with self._lock:
            self._takers = tuple(one for one in self._takers if one is not taker)

    @property
    def _stands_still(self) -> bool:
        return self._monotonic_s() - self._came_s > _FRESH_S

    def _catch_up(self, taker: Taker | Listener) -> None:
        if isinstance(taker, Listener):
            if self._facts is not None:
                taker.sink.begin(self._facts, self._starts_s)
            for packet, captured_at in self._group:
                taker.sink.append(packet, captured_at)
            return
        if self.unplayable or self._stands_still:
            return
        newest = len(self._group) - 1
        for number, (packet, _) in enumerate(self._group):
            newest_s = self._starts_s + self._group[newest][0].pts_s
            taker.take(LivePacket(packet.data, packet.key, newest_s, newest - number))

    def _keep(self, packet: StoredPacket, captured_at: datetime) -> None:
        if packet.key:
            self._forget_group()
        elif not self._group:
            return
        self._group.append((packet, captured_at))
        self._group_bytes += len(packet.data)
        if self._group_bytes > self._limit_bytes:
            self._forget_group()

    def _forget_group(self) -> None:
        self._group, self._group_bytes = [], 0
