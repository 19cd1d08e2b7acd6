"""MAVLink as it comes over a radio or a network: bytes, some of them garbage, to the newest sample of one aircraft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vision.telemetry.mavlink_aircraft import WANTED, MavlinkAircraft

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from vision.telemetry.sample import Sample

_RAW_AFTER_S = 3.0
"""So long without the autopilot's own estimate, the receiver's positions are taken instead."""
_GARBAGE = "BAD_DATA"


class MavlinkReceiver:
    """Bytes in whatever pieces they come; nothing is ever sent to the aircraft."""

    def __init__(self, system: int | None = None) -> None:
        """`system`: the only one that is listened to; None: the first that tells a place."""
        from pymavlink.dialects.v20 import ardupilotmega  # type: ignore[import-untyped]  # noqa: PLC0415 - takes a second, and only drones need it

        self._wanted = system
        self._parser = ardupilotmega.MAVLink(None)
        self._parser.robust_parsing = True
        self._told = MavlinkAircraft(system)
        self._estimated_at: datetime | None = None
        self.messages = 0
        self.garbage_bytes = 0
        self.fault = ""
        """Why the newest position is none; empty where it is one."""

    @property
    def system(self) -> int | None:
        return self._told.system if self.messages else None

    @property
    def others(self) -> frozenset[int]:
        return frozenset(self._told.others)

    @property
    def clock_ahead(self) -> timedelta | None:
        """The aircraft's clock less this device's, where it tells its own."""
        return self._told.ahead

    @property
    def has_gimbal(self) -> bool:
        return self._told.gimbal_told

    def feed(self, data: bytes, at: datetime) -> list[Sample]:
        """Samples of the messages that end in `data`, which came at `at`."""
        found: list[Sample] = []
        for message in self._parser.parse_buffer(bytearray(data)) or ():
            if message.get_type() == _GARBAGE:
                self.garbage_bytes += len(message.data)
                continue
            sample = self._take(message, at)
            if sample is not None:
                found.append(sample)
        return found

    def _take(self, message: Any, at: datetime) -> Sample | None:
        self.messages += 1
        if message.get_msgId() not in WANTED:
            return None
        fix = self._told.take(self.messages, at, message)
        if fix is None:
            return None
        self.fault = fix.fault or ""
        if fix.fault is not None:
            return None
        if fix.estimated:
            self._estimated_at = at
        elif self._estimated_at is not None and (at - self._estimated_at).total_seconds() < _RAW_AFTER_S:
            return None
        return fix.sample
