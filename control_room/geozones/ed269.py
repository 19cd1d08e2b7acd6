"""ED-269: zones as objects with a list of volumes each, in its two spellings (`UASZoneList` and `features`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from control_room.geozones import values
from control_room.geozones.zone import Applicability, Authority, Circle, Daily, Geozone, Kind, Volume

if TYPE_CHECKING:
    import zoneinfo

KINDS: dict[str, Kind] = {
    "PROHIBITED": "PROHIBITED",
    "REQ_AUTHORISATION": "REQ_AUTHORISATION",
    "REQ_AUTHORIZATION": "REQ_AUTHORISATION",
    "CONDITIONAL": "CONDITIONAL",
    "NO_RESTRICTION": "NO_RESTRICTION",
    "USPACE": "USPACE",
}


def read(raw: dict[str, Any], town: zoneinfo.ZoneInfo) -> Geozone:
    """One zone. `town`: the zone of hours and times that name none.

    Raises:
        values.FaultError: a value cannot be taken.
    """
    doubts: set[str] = set()
    volumes = tuple(
        _volume(values.an_object(entry, f"geometry[{index}]"), f"geometry[{index}]", doubts)
        for index, entry in enumerate(values.a_list(raw.get("geometry"), "geometry"))
    )
    if not volumes:
        raise values.FaultError("geometry", "is empty")
    kind_given = values.a_text(raw.get("restriction"), "restriction") or ""
    return Geozone(
        identifier=identifier(raw, doubts),
        country=values.a_text(raw.get("country"), "country") or "",
        name=values.texts(raw.get("name"), "name"),
        kind=kind(kind_given, doubts),
        kind_given=kind_given,
        reasons=values.codes(raw.get("reason"), "reason"),
        message=values.texts(raw.get("message") or raw.get("otherReasonInfo"), "message"),
        conditions=conditions(raw.get("restrictionConditions"), "restrictionConditions"),
        categories=values.codes(raw.get("uSpaceClass"), "uSpaceClass"),
        applicability=_applicability(raw.get("applicability"), town, doubts),
        authorities=authorities(raw.get("zoneAuthority")),
        volumes=volumes,
        doubts=tuple(sorted(doubts)),
    )


def identifier(raw: dict[str, Any], doubts: set[str]) -> str:
    found = values.a_text(raw.get("identifier"), "identifier")
    if found is None:
        doubts.add("no_identifier")
        names = values.texts(raw.get("name"), "name")
        found = next(iter(names.values()), "")
        if not found:
            raise values.FaultError("identifier", "is missing, and so is the name")
    return found[:200]


def kind(given: str, doubts: set[str]) -> Kind:
    found = KINDS.get(given.upper())
    if found is None:
        doubts.add("unknown_restriction")
        return "UNKNOWN"
    return found


def conditions(value: object, at: str) -> str | None:
    """Text, or a list of texts."""
    if isinstance(value, list):
        return "; ".join(values.codes(value, at)) or None
    return values.a_text(value, at)


def authorities(value: object) -> tuple[Authority, ...]:
    found: list[Authority] = []
    listed = [value] if isinstance(value, dict) else values.a_list(value or [], "zoneAuthority")
    for index, entry in enumerate(listed):
        at = f"zoneAuthority[{index}]"
        raw = values.an_object(entry, at)
        found.append(
            Authority(
                name=values.texts(raw.get("name"), f"{at}.name"),
                service=values.texts(raw.get("service"), f"{at}.service"),
                contact=values.texts(raw.get("contactName"), f"{at}.contactName"),
                site=values.a_text(raw.get("siteURL") or raw.get("SiteURL"), f"{at}.siteURL"),
                email=values.a_text(raw.get("email"), f"{at}.email"),
                phone=values.a_text(raw.get("phone"), f"{at}.phone"),
                purpose=values.a_text(raw.get("purpose"), f"{at}.purpose"),
                ahead=values.a_text(raw.get("intervalBefore"), f"{at}.intervalBefore"),
            )
        )
    return tuple(found)


def period(raw: dict[str, Any], schedule: object, at: str, town: zoneinfo.ZoneInfo, doubts: set[str]) -> Applicability:
    """Between two moments, on the parts of days that `schedule` lists."""
    begins = values.moment(raw.get("startDateTime"), f"{at}.startDateTime", town, doubts)
    ends = values.moment(raw.get("endDateTime"), f"{at}.endDateTime", town, doubts)
    if begins is not None and ends is not None and ends < begins:
        raise values.FaultError(f"{at}.endDateTime", "is before startDateTime")
    parts: list[Daily] = []
    for index, entry in enumerate(values.a_list(schedule or [], f"{at}.schedule")):
        where = f"{at}.schedule[{index}]"
        part = values.daily(values.an_object(entry, where), where, doubts)
        if part is None:
            parts = []
            break
        parts.append(part)
    return Applicability(begins=begins, ends=ends, daily=tuple(parts))


def _applicability(value: object, town: zoneinfo.ZoneInfo, doubts: set[str]) -> tuple[Applicability, ...]:
    """Empty where it applies always."""
    listed = [value] if isinstance(value, dict) else values.a_list(value or [], "applicability")
    found: list[Applicability] = []
    for index, entry in enumerate(listed):
        at = f"applicability[{index}]"
        raw = values.an_object(entry, at)
        schedule = raw.get("schedule", raw.get("dailyPeriod"))
        if str(raw.get("permanent", "NO")).upper() in {"YES", "TRUE"}:
            one = period({}, schedule, at, town, doubts)
        else:
            one = period(raw, schedule, at, town, doubts)
        if one == Applicability(begins=None, ends=None, daily=()):
            return ()
        found.append(one)
    return tuple(found)


def _volume(raw: dict[str, Any], at: str, doubts: set[str]) -> Volume:
    flat_at = f"{at}.horizontalProjection"
    flat = values.an_object(raw.get("horizontalProjection"), flat_at)
    unit = raw.get("uomDimensions")
    given = values.a_text(flat.get("type"), f"{flat_at}.type")
    if given == "Circle":
        centre = values.position(flat.get("center"), f"{flat_at}.center")
        shape: Circle | Any = Circle(
            centre=centre, radius_m=values.metres(flat.get("radius"), unit, f"{flat_at}.radius")
        )
    elif given == "Polygon":
        shape = values.polygon(flat.get("coordinates"), f"{flat_at}.coordinates", doubts)
    else:
        raise values.FaultError(f"{flat_at}.type", f"got {given}; allowed: Polygon, Circle")
    lower_at, upper_at = f"{at}.lowerLimit", f"{at}.upperLimit"
    return Volume(
        shape=shape,
        lower=values.limit(raw.get("lowerLimit"), unit, raw.get("lowerVerticalReference"), lower_at),
        upper=values.limit(raw.get("upperLimit"), unit, raw.get("upperVerticalReference"), upper_at),
    )
