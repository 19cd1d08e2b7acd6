"""GPX tracks, routes and way points: places and times, no gimbal. A cut file gives what stands before the damage."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from vision.telemetry import quality, text, wall_clock
from vision.telemetry.reading import SAMPLES_MAX, TEXT_BYTES_MAX, Skipped, Telemetry, TelemetryError
from vision.telemetry.sample import Sample
from vision.telemetry.subtitles import say_assumed_zone

if TYPE_CHECKING:
    from pathlib import Path

    from vision.telemetry.reading import Assumptions

_POINTS = frozenset({"trkpt", "rtept", "wpt"})
_DEPTH_MAX = 64
_TEXT_MAX = 200
_CHUNK = 1 << 20
_WHOLE_POINT = re.compile(
    r"<(?:\w{1,20}:)?(trkpt|rtept|wpt)\b([^<>]{1,300})(?:/>|>([^\x00]{0,4000}?)</(?:\w{1,20}:)?\1>)"
)
_ATTRIBUTE = re.compile(r"(lat|lon)\s*=\s*[\"']([^\"'<>]{1,40})[\"']")
_CHILD = re.compile(r"<(?:\w{1,20}:)?(ele|time|sat|course)>([^<>]{1,60})</")


@dataclass(slots=True)
class _Point:
    kind: str
    attributes: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)


class _RefusedError(Exception):
    """Document that no honest program writes."""


class _Document:
    """Collects the points while expat goes through the file."""

    def __init__(self) -> None:
        self.points: list[_Point] = []
        self.is_gpx = False
        self._depth = 0
        self._point: _Point | None = None
        self._point_depth = 0
        self._element = ""
        self._letters: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2].lower()
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise _RefusedError("its elements lie too deep")
        self.is_gpx = self.is_gpx or name == "gpx"
        if name in _POINTS:
            if len(self.points) >= SAMPLES_MAX:
                raise _RefusedError(f"more than {SAMPLES_MAX} points")
            self._point, self._point_depth = _Point(name, attributes), self._depth
        self._element, self._letters = name, []

    def characters(self, letters: str) -> None:
        if self._point is not None and len(self._letters) < _TEXT_MAX:
            self._letters.append(letters[:_TEXT_MAX])

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2].lower()
        point = self._point
        if point is not None:
            if self._depth == self._point_depth:
                self.points.append(point)
                self._point = None
            elif name == self._element:
                point.texts.setdefault(name, "".join(self._letters).strip())
        self._depth -= 1

    def refuse_entity(self, *_: object) -> None:
        raise _RefusedError("it declares entities")


class GpxReader:
    """Detected by its root element."""

    name = "gpx"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        start = text.decode(head[:4096]).lstrip("\ufeff \t\r\n").lower()
        return start.startswith("<") and ("<gpx" in start or ":gpx" in start)

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        document, damage = _parse(text.decode(text.read_bytes(path, TEXT_BYTES_MAX)))
        telemetry = Telemetry(format=self.name, row_name="point")
        tracked = {point.kind for point in document.points}
        wanted = next((kind for kind in ("trkpt", "rtept", "wpt") if kind in tracked), None)
        clock = wall_clock.LocalClock(assumptions)
        for row, point in enumerate((each for each in document.points if each.kind == wanted), 1):
            sample = _sample(row, point, clock)
            fault = quality.place_fault(sample.lat, sample.lon)
            if fault is None and wanted != "trkpt" and sample.time_utc is None:
                fault = "a place without a time: no part of a flight"
            if fault is None:
                telemetry.samples.append(sample)
            else:
                telemetry.skipped.append(Skipped(row, fault))
        if damage is not None:
            telemetry.skipped.append(Skipped(len(telemetry.samples) + len(telemetry.skipped) + 1, damage))
        if not telemetry.samples:
            raise TelemetryError(damage or "it holds no point with a place")
        if wanted != "trkpt" or len(tracked) > 1:
            telemetry.remarks.append(f"of its {', '.join(sorted(tracked))} the {wanted} were read")
        _count_seconds(telemetry)
        say_assumed_zone(telemetry, clock, assumptions)
        return telemetry


def _parse(content: str) -> tuple[_Document, str | None]:
    """What could be read, and why not all. As UTF-8, so that what its first line says of an encoding is past."""
    document = _Document()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.characters
    parser.EntityDeclHandler = document.refuse_entity
    raw = content.lstrip("\ufeff \t\r\n").replace("\x00", "").encode("utf-8", errors="replace")
    damage = None
    try:
        for at in range(0, len(raw), _CHUNK):
            parser.Parse(raw[at : at + _CHUNK], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        damage = f"damaged at line {error.lineno}: {expat.errors.messages.get(error.code, 'not XML')}"
    except _RefusedError as error:
        raise TelemetryError(f"refused: {error}") from None
    if damage is not None:
        found = _points_past_damage(raw.decode("utf-8", errors="replace"))
        if len(found) > len(document.points):
            document.points = found
    return document, damage


def _points_past_damage(content: str) -> list[_Point]:
    """Every point that is whole in itself, when the document is not."""
    return [
        _Point(kind, dict(_ATTRIBUTE.findall(attributes)), {name: told.strip() for name, told in _CHILD.findall(body)})
        for kind, attributes, body in _WHOLE_POINT.findall(content)[:SAMPLES_MAX]
    ]


def _sample(row: int, point: _Point, clock: wall_clock.LocalClock) -> Sample:
    sample = Sample(
        row=row,
        lat=_number(point.attributes.get("lat")),
        lon=_number(point.attributes.get("lon")),
        abs_alt_m=quality.height(_number(point.texts.get("ele"))),
        platform_yaw_deg=quality.degrees(_number(point.texts.get("course"))),
    )
    written = wall_clock.find(point.texts.get("time", ""))
    known = None if written is None else clock.utc(written, None)
    if known is not None:
        sample.time_utc, sample.utc_source = known
    satellites = _number(point.texts.get("sat"))
    if satellites is not None and 0 <= satellites < 1000:  # noqa: PLR2004 - more is no count
        sample.satellites = int(satellites)
    return sample


def _number(written: str | None) -> float | None:
    if written is None:
        return None
    try:
        value = float(written.strip().replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _count_seconds(telemetry: Telemetry) -> None:
    """From the first time that the file has."""
    first = next((sample.time_utc for sample in telemetry.samples if sample.time_utc is not None), None)
    for sample in telemetry.samples:
        if first is not None and sample.time_utc is not None:
            sample.time_s = (sample.time_utc - first).total_seconds()
