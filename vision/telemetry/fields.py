"""Names with values in one line of text, by whatever brackets and signs they are set apart."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass, field

from vision.telemetry.words import meaning

_NUMBER = r"[-+\u2212\u2013]?(?:\d{1,18}(?:[.,]\d{1,18})?|\.\d{1,18})(?:[eE][-+]?\d{1,3})?"
_TAG = re.compile(r"<[^<>]{0,200}>|</?font[^<>\n]{0,100}$|\{\\[^{}]{0,60}\}", re.IGNORECASE)
_LABELLED = re.compile(
    rf"(?P<name>[A-Za-z][A-Za-z_.\- ]{{0,60}}?)(?P<part>\d{{1,3}}[_.][a-z][A-Za-z_.]{{0,40}})?"
    rf"[ \t\"']{{0,4}}[:=;|>~]{{0,3}}[ \t\"']{{0,4}}(?P<value>{_NUMBER})"
    r"\s?(?P<unit>(?:mm|m/s|km/h|kph|mph|ft/s|ft|feet|foot|km|m|°|deg|[NSEWOnsewo])(?![A-Za-z/]))?",
    re.IGNORECASE,
)
_ITEM = rf"(?:[NSEWO]\s?[:=]?\s?)?{_NUMBER}\s?°?\s?(?:(?:feet|ft|[NSEWOM])(?![A-Za-z]))?"
_BETWEEN = r"\s?[,;|/]\s?|\s"
_GROUP = re.compile(
    r"(?P<name>HOME(?:[ _]?POINT)?|G\.?[PRY]{3}|F\.?[PRY]{3}|GIMBAL[ _.]?[PRY]{3}|(?:GPS|POSITION|LOCATION|COORDS?"
    r"|COORDINATES?|LATLON|LATLNG|LONLAT|POS)(?:[ _](?:POSITION|COORDS?|COORDINATES?))?)"
    rf"[\s:=\[({{|<\"']{{0,8}}(?P<items>{_ITEM}(?:(?:{_BETWEEN}){_ITEM}){{1,8}})",
    re.IGNORECASE,
)
_ONE_ITEM = re.compile(
    rf"(?:(?P<before>[NSEWO])\s?[:=]?\s?)?(?P<value>{_NUMBER})\s?°?\s?(?:(?P<after>feet|ft|[NSEWOM])(?![A-Za-z]))?",
    re.IGNORECASE,
)
_BARE_PAIR = re.compile(r"(?<![\d.,])([-+]?\d{1,3}[.,]\d{4,12})°?\s?(?:[,;/]\s?|\s)([-+]?\d{1,3}[.,]\d{4,12})(?![\d.])")
_SEXAGESIMAL = re.compile(
    r"([-+]?)(\d{1,3})\s?°\s?(\d{1,2})\s?['\u2032\u2019]\s?(\d{1,2}(?:[.,]\d{1,9})?)\s?(?:\"|\u2033|\u201d|'')\s?([NSEWOnsewo])?"
)
_MINUTE_MARKS = ("'", "\u2032", "\u2019")
_FEET_M = 0.3048
_WESTERN_SOUTHERN = frozenset("SWO")
_HEMISPHERE_AXIS = {"N": "lat", "S": "lat", "E": "lon", "W": "lon", "O": "lon"}
_ANGLES = {"P": "pitch", "R": "roll", "Y": "yaw"}
_AXES = 3
_WHOLE_TENTHS_MIN = 100
_WHOLE_ZOOM_MIN = 1000


@dataclass(slots=True)
class Pair:
    """Two coordinates in the order of the file."""

    first: float
    second: float
    third: float | None = None
    third_is_height: bool = False
    axes: str | None = None
    """`latlon` or `lonlat` where letters of the compass tell."""


@dataclass(slots=True)
class Fields:
    """What one row says, by the names of `vision/telemetry/words`; lengths in metres."""

    values: dict[str, float] = field(default_factory=dict)
    position: Pair | None = None
    home: Pair | None = None


def number(text: str) -> float:
    """A decimal comma is as good as a point."""
    return float(text.replace(",", ".").replace("\u2212", "-").replace("\u2013", "-"))


def plain(text: str) -> str:
    """Without the tags and entities of subtitles."""
    if "<" in text or "{" in text:
        text = _TAG.sub(" ", text)
    return html.unescape(text) if "&" in text else text


def find(text: str) -> Fields:
    """All names with values of the plain text of one row."""
    if "°" in text and any(mark in text for mark in _MINUTE_MARKS):
        text = _SEXAGESIMAL.sub(_decimal_degrees, text)
    found = Fields()
    upper = text.upper()
    if any(word in upper for word in ("GPS", "HOME", "PRY", "RPY", "YPR", "PO", "LOC", "COOR", "LATL", "LONL")):
        text = _GROUP.sub(lambda group: _take_group(found, group), text)
    for match in _LABELLED.finditer(text):
        _take_labelled(found.values, match)
    if found.position is None and "lat" not in found.values and "lon" not in found.values:
        bare = _BARE_PAIR.search(text)
        if bare:
            found.position = Pair(number(bare[1]), number(bare[2]))
    return found


def _decimal_degrees(found: re.Match[str]) -> str:
    sign, degrees, minutes, seconds, letter = found.groups()
    value = int(degrees) + int(minutes) / 60 + number(seconds) / 3600
    return f"{sign}{value:.9f} {letter or ''} "


def _take_labelled(values: dict[str, float], match: re.Match[str]) -> None:
    name = meaning(match["name"] + (match["part"] or ""))
    if name is None or name in values:
        return
    written = match["value"]
    value = number(written)
    if not math.isfinite(value):
        return
    unit = (match["unit"] or "").lower()
    if unit in {"ft", "feet", "foot"}:
        value *= _FEET_M
    elif unit in {"s", "w", "o"} and name in {"lat", "lon"}:
        value = -abs(value)
    elif unit == "km/h" and name == "speed":
        value /= 3.6
    elif unit == "mph" and name == "speed":
        value *= 0.44704
    if name in {"focal_length", "zoom"}:
        value = whole_as_fraction(name, written, value)
    values[name] = value


def whole_as_fraction(name: str, written: str, value: float) -> float:
    """DJI's older files write 24.0 mm as 240 and a zoom of 1.0 as 10000."""
    if not written.lstrip("+").isdigit():
        return value
    if name == "focal_length" and value >= _WHOLE_TENTHS_MIN:
        return value / 10
    if name == "zoom" and value >= _WHOLE_ZOOM_MIN:
        return value / 10_000
    return value


def _take_group(found: Fields, group: re.Match[str]) -> str:
    """Take a bracket of several numbers out of the text; what stays is searched for names."""
    name = re.sub(r"[^A-Z]", "", group["name"].upper())
    items = _items(group["items"])
    if name[-3:] in {"PRY", "RPY", "YPR", "PYR", "RYP", "YRP"}:
        if len(items) >= _AXES:
            of = "platform" if name[0] == "F" else "gimbal"
            for letter, (value, _) in zip(name[-3:], items, strict=False):
                found.values.setdefault(f"{of}_{_ANGLES[letter]}", value)
        return " "
    pair = _pair(items)
    if pair is None:
        return group[0]
    if name.startswith(("LATL", "LONL")) and pair.axes is None:
        pair.axes = name[:6].lower().replace("lng", "lon")
    if name.startswith("HOME"):
        found.home = found.home or pair
    else:
        found.position = found.position or pair
    return "\n"


def _pair(items: list[tuple[float, str]]) -> Pair | None:
    if len(items) < 2:  # noqa: PLR2004 - a pair
        return None
    (first, one), (second, other), *rest = items
    axes = "".join(_HEMISPHERE_AXIS.get(letter, "") for letter in (one, other))
    pair = Pair(first, second, axes=axes if axes in {"latlon", "lonlat"} else None)
    if rest:
        pair.third, unit = rest[0]
        pair.third_is_height = unit in {"M", "FT", "FEET"} or not pair.third.is_integer()
        if unit in {"FT", "FEET"}:
            pair.third *= _FEET_M
    return pair


def _items(text: str) -> list[tuple[float, str]]:
    """Each number with the letter beside it."""
    return [
        (_signed(number(item["value"]), letter), letter)
        for item in _ONE_ITEM.finditer(_with_points(text))
        if (letter := (item["before"] or item["after"] or "").upper()) is not None
    ]


def _signed(value: float, letter: str) -> float:
    return -abs(value) if letter in _WESTERN_SOUTHERN else value


def _with_points(text: str) -> str:
    """Decimal commas of `149,0251,-20,2533,16` to points, where no point and nothing else parts the numbers."""
    if "." in text or ";" in text or ", " in text or "|" in text or "/" in text:
        return text
    parts = text.split(",")
    if len(parts) < 4 or not all(part.strip().lstrip("-+").isdigit() for part in parts):  # noqa: PLR2004 - two pairs
        return text.replace(",", ";") if len(parts) <= _AXES else text
    joined = [f"{whole}.{part}" for whole, part in zip(parts[0:4:2], parts[1:4:2], strict=True)]
    return "; ".join([*joined, *parts[4:]])
