"""One connection of a publisher or a viewer, and for how long nothing has come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from control_room.media.peers import PublisherPeer

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.media.peers import ViewerPeer
    from control_room.media.streams import Publisher, Stream


@dataclass(eq=False, kw_only=True)
class Session:
    """One connection."""

    session_id: str
    stream: Stream
    role: Literal["publisher", "viewer"]
    peer: PublisherPeer | ViewerPeer
    since: datetime
    by: str = ""
    """Whose offer it was; empty: not known."""
    publisher: Publisher | None = None
    quiet_s: float = 0.0
    """For how long nothing has come of it, or it has not connected: of the time in which it was listened to."""
    heard_at_s: float = 0.0
    counted_from: tuple[int, float] = (0, 0.0)
    """Packets and time at the last look at their rate."""
    _sign: float | None = None
    """Of life: changes with whatever comes of it; None until it has connected."""

    def listen(self, now_s: float, listened_s: float) -> None:
        """To be called often; `listened_s`: since the last time, less what this process stood still."""
        sign: float | None = None
        if self.peer.state == "connected":
            sign = self.peer.packets if isinstance(self.peer, PublisherPeer) else self.peer.heard_s
        if sign == self._sign:
            self.quiet_s += listened_s
            return
        self._sign, self.quiet_s, self.heard_at_s = sign, 0.0, now_s
