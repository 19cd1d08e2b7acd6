"""What brings pictures into the media process by other ways than WebRTC speaks this to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from control_room.media.flv import Codec

TICKS_A_SECOND = 90_000


class RefusedError(Exception):
    """The stream is not taken: another publishes it, or there are as many as may be; one line."""


class Taker(Protocol):
    """One publisher's stream, from its first picture to its end."""

    def take(self, data: bytes, *, shown_ticks: int, key: bool) -> None:
        """An access unit with start codes, parameter sets before a key frame; when it is shown, in 1/90000 s."""

    def end(self, why: str) -> None:
        """Nothing more comes; empty: the publisher stopped of itself. Once."""


class Opener(Protocol):
    """Begins a stream when the first picture of its publisher has come."""

    def __call__(self, stream: str, codec: Codec) -> Taker:
        """Raise RefusedError where it is not taken."""
