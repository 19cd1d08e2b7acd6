"""Single values of geozone files, with a word for what is wrong with them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from control_room.geozones.zone import ALL_DAYS, METRES_PER_FOOT, Daily, Limit, Polygon

if TYPE_CHECKING:
    import zoneinfo

    from control_room.geozones.zone import Position, Reference, SunWord, Unit

DAYS = {name: index for index, name in enumerate(("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"))}
_SUN_WORDS: dict[str, SunWord] = {
    "BMCT": "BMCT",
    "SR": "SR",
    "SUNRISE": "SR",
    "SS": "SS",
    "SUNSET": "SS",
    "EECT": "EECT",
    "EMCT": "EECT",
}
_UNITS: dict[str, Unit] = {"M": "m", "FT": "ft"}
_REFERENCES: dict[str, Reference] = {"AGL": "AGL", "AMSL": "AMSL", "WGS84": "WGS84"}
_CLOCK = re.compile(r"^T?(\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d*)?)?\s*(Z|[+-]00:?00)?$")
_LONGEST = 4000
_ANY_LANGUAGE = "und"


class FaultError(ValueError):
    """A value that cannot be taken: where in the zone, and why."""

    def __init__(self, at: str, cause: str) -> None:
        self.at, self.cause = at, cause
        super().__init__(f"{at}: {cause}")


def an_object(value: object, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FaultError(at, f"must be an object, is {_said(value)}")
    return value


def a_list(value: object, at: str) -> list[Any]:
    if not isinstance(value, list):
        raise FaultError(at, f"must be a list, is {_said(value)}")
    return value


def a_number(value: object, at: str) -> float:
    """Also where it is written as text."""
    if isinstance(value, str):
        try:
            value = float(value.strip())
        except ValueError:
            raise FaultError(at, f"must be a number, is {_said(value)}") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FaultError(at, f"must be a number, is {_said(value)}")
    return float(value)


def a_text(value: object, at: str) -> str | None:
    """None where there is none, or it is empty."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise FaultError(at, f"must be text, is {_said(value)}")
    return value.replace("\x00", "").strip()[:_LONGEST] or None


def texts(value: object, at: str) -> dict[str, str]:
    """One text, or one for each language."""
    if value is None or isinstance(value, str):
        one = a_text(value, at)
        return {} if one is None else {_ANY_LANGUAGE: one}
    found: dict[str, str] = {}
    for index, entry in enumerate(a_list(value, at)):
        item = an_object(entry, f"{at}[{index}]")
        text = a_text(item.get("text"), f"{at}[{index}].text")
        language = a_text(item.get("lang"), f"{at}[{index}].lang") or _ANY_LANGUAGE
        if text is not None:
            found.setdefault(language, text)
    return found


def codes(value: object, at: str) -> tuple[str, ...]:
    """A list of words, or one word."""
    listed = [value] if isinstance(value, str) else a_list(value or [], at)
    return tuple(word for index, entry in enumerate(listed) if (word := a_text(entry, f"{at}[{index}]")))


def moment(value: object, at: str, town: zoneinfo.ZoneInfo, doubts: set[str]) -> datetime | None:
    text = a_text(value, at)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FaultError(at, f"must be a time such as 2026-11-22T04:00:00Z, is {_said(value)}") from None
    if found.tzinfo is None:
        doubts.add("time_without_zone")
        found = found.replace(tzinfo=town)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise FaultError(at, f"is a time out of all bounds: {text}") from None


def limit(value: object, unit: object, reference: object, at: str) -> Limit | None:
    """None where the file gives none."""
    if value is None or value == "":
        return None
    number = a_number(value, at)
    given_unit = (a_text(unit, at) or "M").upper()
    given_reference = (a_text(reference, at) or "").upper()
    if given_unit not in _UNITS:
        raise FaultError(at, f"unit {given_unit} is not known; allowed: m, ft")
    if given_reference not in _REFERENCES:
        raise FaultError(at, f"reference {given_reference or 'missing'} is not known; allowed: AGL, AMSL, WGS84")
    return Limit(value=number, unit=_UNITS[given_unit], reference=_REFERENCES[given_reference])


def metres(value: object, unit: object, at: str) -> float:
    number = a_number(value, at)
    if number <= 0:
        raise FaultError(at, f"must be above 0, is {number:g}")
    return number * METRES_PER_FOOT if (a_text(unit, at) or "M").upper() == "FT" else number


def position(value: object, at: str) -> Position:
    """The first two numbers as they stand; which is which is decided for the whole file."""
    pair = a_list(value, at)
    if len(pair) not in {2, 3}:
        raise FaultError(at, f"must be two numbers, is a list of {len(pair)}")
    return a_number(pair[0], f"{at}[0]"), a_number(pair[1], f"{at}[1]")


def polygon(value: object, at: str, doubts: set[str]) -> Polygon:
    rings: list[tuple[Position, ...]] = []
    for index, raw in enumerate(a_list(value, at)):
        where = f"{at}[{index}]"
        ring = [position(pair, f"{where}[{corner}]") for corner, pair in enumerate(a_list(raw, where))]
        if ring and ring[0] != ring[-1]:
            ring.append(ring[0])
            doubts.add("ring_was_open")
        if len(set(ring)) < 3:  # noqa: PLR2004 - a triangle
            raise FaultError(where, f"needs at least 3 different corners, has {len(set(ring))}")
        rings.append(tuple(ring))
    if not rings:
        raise FaultError(at, "has no ring")
    return Polygon(rings=tuple(rings))


def daily(raw: dict[str, Any], at: str, doubts: set[str]) -> Daily | None:
    """A part of days; None where it is every day and all day."""
    days = _days(raw.get("day"), f"{at}.day")
    begins, begins_utc = _edge(raw, "start", at)
    ends, ends_utc = _edge(raw, "end", at)
    if begins is None and ends is None and days == ALL_DAYS:
        return None
    said = [told for told in (begins_utc, ends_utc) if told is not None]
    if said and not all(said):
        doubts.add("hours_without_zone")
    return Daily(days=days, begins=begins, ends=ends, in_utc=bool(said) and all(said))


def _days(value: object, at: str) -> frozenset[int]:
    names = [name.upper()[:3] for name in codes(value, at)]
    if not names or "ANY" in names:
        return ALL_DAYS
    for name in names:
        if name not in DAYS:
            raise FaultError(at, f"day {name} is not known; allowed: {', '.join(DAYS)}, ANY")
    return frozenset(DAYS[name] for name in names)


def _edge(raw: dict[str, Any], end: str, at: str) -> tuple[time | SunWord | None, bool | None]:
    """An hour or a word of the sun, and whether it is UTC; None for the second where that is no question."""
    for key in (f"{end}Event", f"{end}Time"):
        text = a_text(raw.get(key), f"{at}.{key}")
        if text is None:
            continue
        if text.upper() in _SUN_WORDS:
            return _SUN_WORDS[text.upper()], None
        found = _CLOCK.match(text)
        if found is None:
            raise FaultError(f"{at}.{key}", f"must be an hour such as 17:00:00Z, or SR or SS, is {_said(text)}")
        hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
        if (hour, minute, second) == (24, 0, 0):
            return None, found[4] is not None
        try:
            return time(hour, minute, second), found[4] is not None
        except ValueError:
            raise FaultError(f"{at}.{key}", f"is no hour of a day: {text}") from None
    return None, None


def _said(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "missing" if value is None else repr(value)[:60]
