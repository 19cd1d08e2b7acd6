"""Compressed pictures on their way to whoever keeps them: the ring in memory, the recording on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What is needed to decode or store the packets of a video once its container is closed."""

    codec: str
    width_px: int
    height_px: int
    extradata: bytes | None
    """None for H.264 and H.265: their packets carry their parameter sets in Annex B form."""
    pixel_format: str | None


class StoredPacket(NamedTuple):
    """A compressed picture; times in seconds since the video's first picture. A tuple: 25 a second and camera."""

    data: bytes
    key: bool
    pts_s: float
    dts_s: float


class PacketSink(Protocol):
    """Takes the packets of one camera, on the thread that reads it: it may neither wait nor raise."""

    def begin(self, facts: StreamFacts, starts_s: float) -> None:
        """A stream was opened: what is appended from now on belongs to it, and its first packet is a key frame.

        Args:
            facts: What its packets are.
            starts_s: The camera's media time at which the times in its packets are 0.
        """

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        """The next packet, and when it came by the device's clock."""

    def lost(self) -> None:
        """The stream ended or broke off; `begin` comes before the next packet."""
