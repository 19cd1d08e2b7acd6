"""ArduPilot's dataflash log: messages that describe themselves (FMT), with the aircraft's place, attitude and mount.

A reader of our own: pymavlink's prints what it finds damaged and walks the whole file in advance.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from vision.telemetry import quality, text
from vision.telemetry.aircraft import Aircraft
from vision.telemetry.reading import SAMPLES_MAX, Skipped, Telemetry, TelemetryError
from vision.telemetry.sample import UtcSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vision.telemetry.reading import Assumptions
    from vision.telemetry.sample import Sample

_HEAD = b"\xa3\x95"
_FMT_TYPE, _FMT_BYTES = 128, 89
_FMT = struct.Struct("<BB4s16s64s")
_FILE_BYTES_MAX = 1 << 30
_CODES: dict[str, tuple[str, float | None]] = {
    "a": ("64s", None),
    "b": ("b", 1),
    "B": ("B", 1),
    "h": ("h", 1),
    "H": ("H", 1),
    "i": ("i", 1),
    "I": ("I", 1),
    "f": ("f", 1),
    "d": ("d", 1),
    "n": ("4s", None),
    "N": ("16s", None),
    "Z": ("64s", None),
    "c": ("h", 0.01),
    "C": ("H", 0.01),
    "e": ("i", 0.01),
    "E": ("I", 0.01),
    "L": ("i", 1e-7),
    "M": ("B", 1),
    "q": ("q", 1),
    "Q": ("Q", 1),
    "g": ("e", 1),
}
_GPS_EPOCH = datetime(1980, 1, 6, tzinfo=UTC)
_LEAP_SECONDS = timedelta(seconds=18)
"""Of satellite time over UTC since 2017."""
_LEAP_SECONDS_BEFORE_2017 = timedelta(seconds=17)
_2017 = datetime(2017, 1, 1, tzinfo=UTC)
_WEEK_S = 7 * 86400
_FIX_3D = 3
_RUNNING_S_MAX = 366 * 86400
_WEEKS_MAX = 6000
_WANTED = frozenset({"GPS", "POS", "ATT", "MNT", "ORGN", "AHR2"})

Values: TypeAlias = dict[str, float]


@dataclass(frozen=True, slots=True)
class _Form:
    name: str
    bytes: int
    layout: struct.Struct
    factors: tuple[float | None, ...]
    labels: tuple[str, ...]


class DataflashReader:
    """Detected by its first message, which describes the description itself."""

    name = "dataflash"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        return head.startswith(_HEAD) and _HEAD + bytes([_FMT_TYPE]) in head

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        del assumptions
        telemetry = Telemetry(format=self.name, row_name="message")
        log = _Log(telemetry)
        for number, name, values in _messages(text.read_bytes(path, _FILE_BYTES_MAX), telemetry.skipped):
            log.take(number, name, values)
        log.finish()
        if not telemetry.samples:
            raise TelemetryError("the log holds no position: its receiver had no fix or wrote none")
        return telemetry


class _Log:
    """Joins what the messages tell at their times."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._aircraft = Aircraft()
        self._ground: list[Sample] = []
        self._utc_from: tuple[datetime, float] | None = None

    def take(self, number: int, name: str, values: Values) -> None:
        if name == "ATT":
            self._aircraft.attitude(values.get("Yaw"), values.get("Pitch"), values.get("Roll"))
        elif name == "MNT":
            self._take_mount(values)
        elif name == "ORGN":
            self._aircraft.took_off(values.get("Lat", 0.0), values.get("Lng", 0.0), values.get("Alt"))
        elif name == "GPS" and values.get("I", values.get("Instance", 0)) == 0:
            self._take_gps(number, values)
        elif name == "POS":
            sample = self._at(number, values, values.get("RelHomeAlt", values.get("RelOriginAlt")))
            self._telemetry.samples.append(sample) if _placed(sample) else None

    def _take_mount(self, values: Values) -> None:
        pitch, roll = values.get("P", values.get("Pitch")), values.get("R", values.get("Roll"))
        yaw = values.get("Y", values.get("Yaw"))
        if yaw is None and "YB" in values:
            self._aircraft.gimbal(values["YB"], pitch, roll, of_earth=False)
        else:
            self._aircraft.gimbal(yaw, pitch, roll)

    def _take_gps(self, number: int, values: Values) -> None:
        seconds = _seconds(values)
        week, milliseconds = values.get("GWk", values.get("Week")), values.get("GMS", values.get("TimeMS"))
        if values.get("Status", 0) < _FIX_3D:
            return
        if (
            week
            and week < _WEEKS_MAX
            and milliseconds is not None
            and seconds is not None
            and milliseconds < _WEEK_S * 1000
        ):
            self._utc_from = (_utc(week, milliseconds), seconds)
        sample = self._at(number, values, values.get("RAlt", values.get("RelAlt")))
        sample.satellites = int(values["NSats"]) if 0 <= values.get("NSats", -1) < 256 else None  # noqa: PLR2004 - a byte
        if _placed(sample):
            self._ground.append(sample)

    def _at(self, number: int, values: Values, rel_alt_m: float | None) -> Sample:
        return self._aircraft.at(
            number,
            values.get("Lat"),
            values.get("Lng"),
            time_s=_seconds(values),
            abs_alt_m=values.get("Alt"),
            rel_alt_m=rel_alt_m,
        )

    def finish(self) -> None:
        """Estimated positions (POS) where there are any, else the receiver's; times from the first."""
        telemetry = self._telemetry
        if not telemetry.samples:
            telemetry.samples = self._ground
            if self._ground:
                telemetry.remarks.append("places are the receiver's own: the log holds no estimate (POS)")
        first = next((sample.time_s for sample in telemetry.samples if sample.time_s is not None), None)
        for sample in telemetry.samples:
            if sample.time_s is None or first is None:
                continue
            if self._utc_from is not None:
                at, seconds = self._utc_from
                sample.time_utc = at + timedelta(seconds=sample.time_s - seconds)
                sample.utc_source = UtcSource.GNSS
            sample.time_s = round(sample.time_s - first, 6)


def _placed(sample: Sample) -> bool:
    return quality.place_fault(sample.lat, sample.lon) is None


def _seconds(values: Values) -> float | None:
    if "TimeUS" in values:
        seconds = values["TimeUS"] / 1e6
    elif "TimeMS" in values or "T" in values:
        seconds = values.get("TimeMS", values.get("T", 0.0)) / 1e3
    else:
        return None
    return seconds if 0 <= seconds < _RUNNING_S_MAX else None


def _utc(week: float, milliseconds: float) -> datetime:
    at = _GPS_EPOCH + timedelta(weeks=week, milliseconds=milliseconds)
    return at - (_LEAP_SECONDS if at >= _2017 else _LEAP_SECONDS_BEFORE_2017)


def _messages(content: bytes, skipped: list[Skipped]) -> Iterator[tuple[int, str, Values]]:
    """Number, name and values of each wanted message; bytes that are none are passed over and said."""
    forms: dict[int, _Form] = {}
    at, number = 0, 0
    while at + 3 <= len(content):
        if content[at : at + 2] != _HEAD:
            found = _next_head(content, at)
            skipped.append(Skipped(number + 1, f"{found - at} bytes that are no message"))
            at = found
            continue
        number += 1
        if number > 20 * SAMPLES_MAX:
            raise TelemetryError("too many messages")
        kind = content[at + 2]
        form = forms.get(kind)
        size = _FMT_BYTES if kind == _FMT_TYPE else form.bytes if form else 0
        if not size or at + size > len(content):
            skipped.append(Skipped(number, "cut off" if size else f"of unknown type {kind}"))
            at = _next_head(content, at + 2)
            continue
        body = content[at + 3 : at + size]
        if kind == _FMT_TYPE:
            _take_form(forms, body)
        elif form is not None and form.name in _WANTED:
            yield number, form.name, _values(form, body)
        at += size


def _next_head(content: bytes, at: int) -> int:
    found = content.find(_HEAD, at)
    return found if found >= 0 else len(content)


def _take_form(forms: dict[int, _Form], body: bytes) -> None:
    kind, size, name, codes, labels = _FMT.unpack(body)
    letters = codes.split(b"\x00")[0].decode("ascii", errors="replace")
    if any(letter not in _CODES for letter in letters):
        return
    layout = struct.Struct("<" + "".join(_CODES[letter][0] for letter in letters))
    if layout.size + 3 != size:
        return
    forms[kind] = _Form(
        name.split(b"\x00")[0].decode("ascii", errors="replace"),
        size,
        layout,
        tuple(_CODES[letter][1] for letter in letters),
        tuple(labels.split(b"\x00")[0].decode("ascii", errors="replace").split(",")),
    )


def _values(form: _Form, body: bytes) -> Values:
    return {
        label: float(value) * factor
        for label, factor, value in zip(form.labels, form.factors, form.layout.unpack(body), strict=False)
        if factor is not None
    }
