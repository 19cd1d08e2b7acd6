"""The newest pictures of a stream, in memory: what a viewer starts with, and what one can go back to."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

GOP_S_MAX = 12.0
"""Of a longer group a viewer would be sent too much at once."""
_GOP_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One coded picture."""

    payloads: tuple[bytes, ...]
    """As RTP carries them."""
    timestamp: int
    """90 kHz, of the stream: goes on over the publisher's restarts."""
    is_key: bool
    arrived_s: float
    """Of the monotonic clock."""
    arrived_at: datetime
    """Of the server's clock."""
    size_bytes: int


class Ring:
    """Bounded by time and by bytes, whichever is reached first."""

    def __init__(self, keep_s: float, keep_bytes: int) -> None:
        self._keep_s, self._keep_bytes = keep_s, keep_bytes
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._gop: list[Frame] = []
        self._gop_bytes = 0
        self._gop_is_whole = False
        self.gop_s = 0.0
        """From the last key picture but one to the last; 0: not known yet."""

    def put(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._bytes += frame.size_bytes
        if frame.is_key:
            if self._gop:
                self.gop_s = frame.arrived_s - self._gop[0].arrived_s
            self._gop, self._gop_bytes, self._gop_is_whole = [], 0, True
        if self._gop_is_whole:
            self._gop.append(frame)
            self._gop_bytes += frame.size_bytes
            if self._gop_bytes > _GOP_BYTES_MAX or frame.arrived_s - self._gop[0].arrived_s > GOP_S_MAX:
                del self._gop[1:]  # its key picture remains, for the picture of the stream
                self._gop_is_whole = False
        while len(self._frames) > 1 and (
            self._bytes > self._keep_bytes or frame.arrived_s - self._frames[0].arrived_s > self._keep_s
        ):
            self._bytes -= self._frames.popleft().size_bytes

    def gop(self) -> list[Frame]:
        """From the last key picture on; empty where there is none, or too much has come since."""
        return list(self._gop) if self._gop_is_whole else []

    @property
    def key(self) -> Frame | None:
        """The last key picture."""
        return self._gop[0] if self._gop else None

    @property
    def first(self) -> Frame | None:
        """The oldest that is held."""
        return self._frames[0] if self._frames else None

    @property
    def held_bytes(self) -> int:
        return self._bytes

    def between(self, begin: datetime, end: datetime) -> list[Frame]:
        """From the key picture at or before `begin` (or the first one held) to `end`."""
        chosen: list[Frame] = []
        for frame in self._frames:
            if frame.arrived_at > end:
                break
            if frame.is_key and frame.arrived_at <= begin:
                chosen.clear()
            if frame.is_key or chosen:
                chosen.append(frame)
        return chosen
