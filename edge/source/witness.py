"""Three clocks that say when a picture was taken, kept apart: the camera's, the stream's time stamps, the device's.

None of them is believed alone. What is noted when a stream is opened and every few minutes lets somebody judge later
how far each was off: how far the camera's clock stood from the device's, and how the stream's time stamps ran away
from the device's clock that never jumps.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.source.video import Taken

_EVERY_S = 300.0
_DRIFT_AFTER_S = 10.0
"""A shorter span says nothing: packets come in bursts."""
_PRODUCER_TIME = struct.Struct("=qi")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ClockWitness:
    """What the clocks said at one moment."""

    at: datetime
    """By the device's clock."""
    opened: bool
    """The first of an opened stream."""
    media_time_s: float
    """Of the camera, by its time stamps."""
    camera_at: datetime | None
    """What the camera's clock said of the packet that came at `at`; None where it says nothing."""
    camera_by: Literal["rtcp", "onvif"] | None
    camera_offset_s: float | None
    """The camera's clock less the device's; the way through the network is in it."""
    stream_drift_ppm: float | None
    """How much faster the time stamps run than the device's monotonic clock, since the stream was opened."""


class Witnesses:
    """Of one opened stream: at its begin, when the camera first tells its time, and every five minutes."""

    def __init__(self, clock: Clock, starts_s: float) -> None:
        self._clock = clock
        self._starts_s = starts_s
        self._first: tuple[float, float] | None = None
        self._due_s = 0.0
        self._camera_is_known = False

    def note(self, taken: Taken) -> ClockWitness | None:
        now_s = self._clock.monotonic_s()
        opened = self._first is None
        if self._first is None:
            self._first = now_s, taken.dts_s
            self._due_s = now_s
        camera_at = producer_time(taken) if now_s >= self._due_s or not self._camera_is_known else None
        if now_s < self._due_s and camera_at is None:
            return None
        self._due_s = now_s + _EVERY_S
        self._camera_is_known = self._camera_is_known or camera_at is not None
        return ClockWitness(
            at=taken.came_at,
            opened=opened,
            media_time_s=self._starts_s + taken.pts_s,
            camera_at=camera_at,
            camera_by=None if camera_at is None else "rtcp",
            camera_offset_s=None if camera_at is None else round((camera_at - taken.came_at).total_seconds(), 3),
            stream_drift_ppm=self._drift_ppm(now_s, taken.dts_s, *self._first),
        )

    @staticmethod
    def _drift_ppm(now_s: float, dts_s: float, first_now_s: float, first_dts_s: float) -> float | None:
        passed_s = now_s - first_now_s
        if passed_s < _DRIFT_AFTER_S:
            return None
        return round(((dts_s - first_dts_s) / passed_s - 1) * 1_000_000, 1)


def producer_time(taken: Taken) -> datetime | None:
    """The camera's clock at this packet, from the sender reports of RTCP, where it sends them."""
    if not taken.packet.has_sidedata("prft"):
        return None
    data = bytes(taken.packet.get_sidedata("prft"))
    if len(data) < _PRODUCER_TIME.size:
        return None
    microseconds, _ = _PRODUCER_TIME.unpack_from(data)
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


def asked(camera_at: datetime, clock: Clock, media_time_s: float) -> ClockWitness:
    """A camera that was asked for its time over ONVIF answered `camera_at` just now."""
    now = clock.now()
    offset_s = round((camera_at - now).total_seconds(), 3)
    return ClockWitness(now, False, media_time_s, camera_at, "onvif", offset_s, None)
