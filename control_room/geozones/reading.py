"""A file of geozones, whichever of the three dialects it is in, whole or not at all."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from control_room.geozones import ed269, ed318, geometry, values
from control_room.geozones.zone import Circle, Polygon

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from control_room.geozones.zone import Geozone, Position

Dialect = Literal["ed269_zone_list", "ed269_features", "ed318"]
MOST_FAULTS = 50
_FAR_M = 1_000_000.0
"""From the town: a file about places farther than that, which read the other way round are near, is the other way."""
_SPACE = re.compile(r"[ \t\r\n,]*")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file was not taken."""

    line: int
    """From 1; of the zone that it is in."""
    zone: str
    """Its identifier; empty where the fault is not in a zone."""
    at: str
    """Where in the zone."""
    cause: str

    def __str__(self) -> str:
        place = " ".join(part for part in (self.zone, self.at) if part)
        return f"line {self.line}{f', {place}' if place else ''}: {self.cause}"


class UnreadableFileError(ValueError):
    """The file is no file of geozones, or some zones cannot be read."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(str(fault) for fault in faults[:3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """What a file holds."""

    dialect: Dialect
    title: str | None
    issued_at: datetime | None
    zones: tuple[Geozone, ...]
    doubts: tuple[str, ...]
    """Of the whole file: `latitude_first`."""


def read(content: bytes, *, town: Position, time_zone: zoneinfo.ZoneInfo) -> ReadFile:
    """All zones of a file.

    `town` (longitude, latitude): near it the right order of coordinates is found where both are possible;
    `time_zone`: of hours and times that name none.

    Raises:
        UnreadableFileError: with each fault, at most `MOST_FAULTS`. Nothing of the file is taken then.
    """
    text, document = _document(content)
    dialect, key = _dialect(document)
    starts = _lines(text, key)
    reader: Callable[[dict[str, Any], zoneinfo.ZoneInfo], Geozone] = ed318.read if dialect == "ed318" else ed269.read
    zones: list[Geozone] = []
    lines: list[int] = []
    faults: list[Fault] = []
    for index, raw in enumerate(document[key]):
        line = starts[index] if index < len(starts) else 1
        try:
            zones.append(reader(values.an_object(raw, f"{key}[{index}]"), time_zone))
            lines.append(line)
        except values.FaultError as error:
            faults.append(Fault(line, _named(raw), error.at, error.cause))
    is_turned = _latitude_first(zones, town)
    if is_turned:
        zones = [_turned(zone) for zone in zones]
    faults += _out_of_bounds(zones, lines)
    if faults or not zones:
        raise UnreadableFileError(faults[:MOST_FAULTS] or [Fault(1, "", key, "holds no zone")])
    return ReadFile(
        dialect=dialect,
        title=_title(document),
        issued_at=_issued(document, time_zone),
        zones=tuple(zones),
        doubts=("latitude_first",) if is_turned else (),
    )


def _document(content: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = content.decode("utf-8-sig")
        document = json.loads(text, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableFileError([Fault(line, "", "", "is not UTF-8 text")]) from None
    except json.JSONDecodeError as error:
        raise UnreadableFileError([Fault(error.lineno, "", f"column {error.colno}", f"no JSON: {error.msg}")]) from None
    except (RecursionError, ValueError) as error:
        raise UnreadableFileError([Fault(1, "", "", f"no JSON: {error}")]) from None
    if not isinstance(document, dict):
        raise UnreadableFileError([Fault(1, "", "", "must be an object with zones")])
    return text, document


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _dialect(document: dict[str, Any]) -> tuple[Dialect, str]:
    if isinstance(document.get("UASZoneList"), list):
        return "ed269_zone_list", "UASZoneList"
    features = document.get("features")
    if not isinstance(features, list):
        allowed = "UASZoneList or features (ED-269), or a FeatureCollection (ED-318)"
        raise UnreadableFileError([Fault(1, "", "", f"holds no zones; allowed: {allowed}")])
    is_geojson = document.get("type") == "FeatureCollection" or any(
        isinstance(feature, dict) and "properties" in feature for feature in features[:1]
    )
    return ("ed318" if is_geojson else "ed269_features"), "features"


def _lines(text: str, key: str) -> list[int]:
    """On which line each entry of the list `key` begins."""
    found = re.search(rf'"{key}"\s*:\s*\[', text)
    if found is None:
        return []
    decoder = json.JSONDecoder()
    lines: list[int] = []
    line, counted, at = 1, 0, found.end()
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at >= len(text) or text[at] == "]":
            return lines
        line += text.count("\n", counted, at)
        counted = at
        lines.append(line)
        try:
            _, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return lines


def _named(raw: object) -> str:
    if not isinstance(raw, dict):
        return ""
    about = raw.get("properties") if isinstance(raw.get("properties"), dict) else raw
    return str(about.get("identifier") or "")[:80] if isinstance(about, dict) else ""


def _title(document: dict[str, Any]) -> str | None:
    for key in ("title", "name"):
        if isinstance(document.get(key), str) and document[key].strip():
            return str(document[key]).strip()[:200]
    return None


def _issued(document: dict[str, Any], time_zone: zoneinfo.ZoneInfo) -> datetime | None:
    """None also where it is given in no way that can be read: it is for people only."""
    about = document.get("metadata") if isinstance(document.get("metadata"), dict) else document
    for key in ("issued", "createdAt", "creationDateTime"):
        try:
            found = values.moment((about or {}).get(key), key, time_zone, set())
        except values.FaultError:
            continue
        if found is not None:
            return found
    return None


def _positions(zones: Sequence[Geozone]) -> Iterator[Position]:
    for zone in zones:
        for volume in zone.volumes:
            yield from [volume.shape.centre] if isinstance(volume.shape, Circle) else volume.shape.rings[0]


def _latitude_first(zones: Sequence[Geozone], town: Position) -> bool:
    """Whether the file writes its positions the other way round than the format says."""
    places = list(_positions(zones))
    if not places:
        return False
    as_given = all(abs(second) <= 90 and abs(first) <= 180 for first, second in places)  # noqa: PLR2004 - degrees
    turned = all(abs(first) <= 90 and abs(second) <= 180 for first, second in places)  # noqa: PLR2004 - degrees
    if as_given != turned:
        return turned
    middle = (statistics.median(place[0] for place in places), statistics.median(place[1] for place in places))
    return (
        geometry.metres_between(middle, town) > _FAR_M
        and geometry.metres_between((middle[1], middle[0]), town) < _FAR_M
    )


def _turned(zone: Geozone) -> Geozone:
    return zone.model_copy(
        update={"volumes": tuple(one.model_copy(update={"shape": _turned_shape(one.shape)}) for one in zone.volumes)}
    )


def _turned_shape(shape: Polygon | Circle) -> Polygon | Circle:
    if isinstance(shape, Circle):
        return Circle(centre=(shape.centre[1], shape.centre[0]), radius_m=shape.radius_m)
    return Polygon(rings=tuple(tuple((lon, lat) for lat, lon in ring) for ring in shape.rings))


def _out_of_bounds(zones: Sequence[Geozone], lines: Sequence[int]) -> list[Fault]:
    faults: list[Fault] = []
    for zone, line in zip(zones, lines, strict=True):
        for lon, lat in _positions([zone]):
            if abs(lat) > 90 or abs(lon) > 180:  # noqa: PLR2004 - degrees
                faults.append(Fault(line, zone.identifier, "", f"{lon:g}, {lat:g} is no place on earth"))
                break
    return faults
