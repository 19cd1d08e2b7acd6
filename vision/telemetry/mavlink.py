"""MAVLink telemetry logs of ground stations (`.tlog`): each packet with the station's clock before it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vision.telemetry import text, wall_clock
from vision.telemetry.mavlink_aircraft import WANTED, MavlinkAircraft
from vision.telemetry.reading import SAMPLES_MAX, Skipped, Telemetry, TelemetryError
from vision.telemetry.sample import UtcSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from vision.telemetry.reading import Assumptions
    from vision.telemetry.sample import Sample

_FILE_BYTES_MAX = 1 << 30
_CLOCK_BYTES = 8
_V1, _V2 = 0xFE, 0xFD
_V1_AROUND, _V2_AROUND, _SIGNATURE = 8, 12, 13
_SIGNED_FLAG = 0x01


class MavlinkReader:
    """Detected by a clock of this century before a packet whose end another one follows."""

    name = "mavlink"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        size = _packet_bytes(head, _CLOCK_BYTES)
        if size is None or _clock(head, 0) is None:
            return False
        after = _CLOCK_BYTES + size
        return len(head) <= after + _CLOCK_BYTES or _packet_bytes(head, after + _CLOCK_BYTES) is not None

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        del assumptions
        telemetry = Telemetry(format=self.name, row_name="message")
        log = _Log(telemetry)
        for number, at, message in _messages(text.read_bytes(path, _FILE_BYTES_MAX), telemetry.skipped):
            log.take(number, at, message)
        log.finish()
        if not telemetry.samples:
            causes = f": {telemetry.skipped[0].cause}" if telemetry.skipped else ""
            raise TelemetryError(f"the log holds no position{causes}")
        return telemetry


class _Log:
    """Joins what the messages of one aircraft tell."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._told = MavlinkAircraft()
        self._raw: list[Sample] = []

    def take(self, number: int, at: datetime, message: Any) -> None:
        fix = self._told.take(number, at, message)
        if fix is None:
            return
        if fix.fault is None:
            (self._telemetry.samples if fix.estimated else self._raw).append(fix.sample)
        elif fix.estimated:
            self._telemetry.skipped.append(Skipped(number, fix.fault))

    def finish(self) -> None:
        telemetry, ahead = self._telemetry, self._told.ahead
        if not telemetry.samples and self._raw:
            telemetry.samples = self._raw
            telemetry.remarks.append("places are the receiver's own: the log holds no GLOBAL_POSITION_INT")
        if self._told.others:
            telemetry.remarks.append(f"of several systems only {self._told.system} was read")
        first = next((sample.time_utc for sample in telemetry.samples if sample.time_utc is not None), None)
        for sample in telemetry.samples:
            if sample.time_utc is None or first is None:
                continue
            sample.time_s = (sample.time_utc - first).total_seconds()
            if ahead is not None:
                sample.time_utc += ahead
                sample.utc_source = UtcSource.GNSS
        if ahead is not None and abs(ahead) > timedelta(seconds=5):
            telemetry.remarks.append(f"the station's clock was {-ahead.total_seconds():.0f} s ahead; corrected")


def _clock(content: bytes, at: int) -> datetime | None:
    return wall_clock.from_unix(int.from_bytes(content[at : at + _CLOCK_BYTES], "big") / 1e6)


def _packet_bytes(content: bytes, at: int) -> int | None:
    """Of the packet that begins there; None where none does."""
    if at + 3 > len(content) or content[at] not in {_V1, _V2}:
        return None
    if content[at] == _V1:
        return content[at + 1] + _V1_AROUND
    return content[at + 1] + _V2_AROUND + (_SIGNATURE if content[at + 2] & _SIGNED_FLAG else 0)


def _kind(content: bytes, at: int) -> int:
    if content[at] == _V1:
        return content[at + 5]
    return int.from_bytes(content[at + 7 : at + 10], "little")


def _messages(content: bytes, skipped: list[Skipped]) -> Iterator[tuple[int, datetime, Any]]:
    from pymavlink.dialects.v20 import ardupilotmega  # type: ignore[import-untyped]  # noqa: PLC0415 - takes a second, and only logs need it

    decoder = ardupilotmega.MAVLink(None)
    at, number, last = 0, 0, None
    while at + _CLOCK_BYTES + _V1_AROUND <= len(content):
        clock, size = _clock(content, at), _packet_bytes(content, at + _CLOCK_BYTES)
        if clock is None or size is None:
            at += 1
            if last != number:
                skipped.append(Skipped(number + 1, "damaged: bytes that are no message"))
            last = number
            continue
        number += 1
        if number > 20 * SAMPLES_MAX:
            raise TelemetryError("too many messages")
        start = at + _CLOCK_BYTES
        if start + size > len(content):
            skipped.append(Skipped(number, "cut off"))
            return
        if _kind(content, start) in WANTED:
            try:
                yield number, clock, decoder.decode(bytearray(content[start : start + size]))
            except ardupilotmega.MAVError as error:
                skipped.append(Skipped(number, str(error)[:100]))
                if _packet_bytes(content, start + size + _CLOCK_BYTES) is None:
                    at += 1  # its length may be what is damaged
                    last = number
                    continue
        at = start + size
