"""Before take-off: which zones, heights and permissions apply to an area, a height and a time, and what is missing.

Reckoned here only, by the same rules as the replay after landing: a browser without a network shows what it was last
told, and lists the zones of a place without reckoning.
"""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from control_room import problems
from control_room.aircraft import service as aircraft
from control_room.authorisations import service as authorisations
from control_room.flight_log import checks, replay
from control_room.geozones import applicability, geometry
from control_room.geozones import service as geozones
from control_room.geozones.zone import UNLIMITED, Applicability, Geozone, Polygon

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from control_room import config
    from control_room.database import pool

LONGEST = timedelta(days=31)
OLD = timedelta(days=45)
"""Since the newest geozones came: authorities change them each 28 days (AIRAC)."""
_PACK_DEGREES = 0.25
"""About the town, in each direction."""


class WrongTimeError(problems.UnprocessableError):
    """A flight ends after it begins, at most 31 days later."""

    name = "wrong-time"


def ask(
    connection: pool.Connection, wanted: dict[str, Any], settings: config.Settings, now: datetime
) -> dict[str, Any]:
    """The answer to `schemas.PreflightQuestion`.

    Raises:
        WrongTimeError, authorisations.service.BadAreaError, aircraft.service.NoSuchAircraftError: as they say.
    """
    window = (wanted["begins"], wanted["ends"])
    if not window[0] < window[1] <= window[0] + LONGEST:
        raise WrongTimeError
    area = authorisations.shapes(wanted["area"]) or []
    town = zoneinfo.ZoneInfo(settings.town.time_zone)
    box = geometry.box_of_all(area)
    near = geozones.near(connection, box, max(window[0], now))
    met = []
    for geozone_id, dataset_id, zone in near.zones:
        told = checks.told(geozone_id, dataset_id, zone).model_dump()
        met += [told | one for one in _met(zone, area, wanted["height_m"], window, town)]
    met.sort(key=lambda one: (("serious", "look", "note").index(one["level"]), one["identifier"]))
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    dark = [Applicability(begins=None, ends=None, daily=(replay.NIGHT,))]
    nights = applicability.spans(dark, window, place=middle, town=town)
    permissions = _permissions(connection, area, window, now)
    answer = {
        "zones": met,
        "free_below_m": _free_below(met, settings.law.height_limit_m),
        "height_limit_m": settings.law.height_limit_m,
        "permissions": permissions,
        "nights": [{"begins": begins, "ends": ends} for begins, ends in nights],
        "datasets": _datasets(near.datasets),
        "asked_at": now,
    }
    grounded = _is_grounded(connection, wanted["aircraft_id"])
    newest = max((row["imported_at"] for row in near.datasets), default=None)
    return answer | {"missing": _missing(answer, wanted["height_m"], newest, now, grounded=grounded)}


def pack(connection: pool.Connection, settings: config.Settings, now: datetime) -> dict[str, Any]:
    """Zones about the town and permissions that hold or will."""
    town = settings.town
    box = (
        max(-180.0, town.lon - _PACK_DEGREES),
        max(-90.0, town.lat - _PACK_DEGREES),
        min(180.0, town.lon + _PACK_DEGREES),
        min(90.0, town.lat + _PACK_DEGREES),
    )
    rows = geozones.page(connection, limit=geozones.MOST_AT_ONCE, within=box)
    return {
        "zones": geozones.features(rows),
        "permissions": authorisations.page(connection, limit=100, now=now, kind="mobile", over=False),
        "height_limit_m": settings.law.height_limit_m,
        "datasets": _datasets(geozones.in_force(connection, now)),
        "packed_at": now,
    }


def _datasets(files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"dataset_id": str(row["dataset_id"])} for row in files]


def _met(
    zone: Geozone,
    area: Sequence[Polygon],
    height_m: float,
    window: applicability.Span,
    town: zoneinfo.ZoneInfo,
) -> list[dict[str, Any]]:
    """The zone, once, where any of its volumes lies over the area while it applies."""
    volumes = [volume for volume in zone.volumes if any(geometry.shapes_meet(volume.shape, piece) for piece in area)]
    if not volumes:
        return []
    box = geometry.box_of_all(volume.shape for volume in volumes)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    applies = applicability.spans(zone.applicability, window, place=middle, town=town)
    if not applies:
        return []
    found = [_vertically(volume.lower, height_m) for volume in volumes]
    order = ("yes", "cannot_tell", "above")
    meets, begins_at_m = min(found, key=lambda one: (order.index(one[0]), one[1] or 0.0))
    authority = zone.authorities[0] if zone.authorities else None
    return [
        {
            "level": checks.level_of(zone, certain=meets == "yes"),
            "meets": meets,
            "begins_at_m": begins_at_m,
            "applies": [{"begins": begins, "ends": ends} for begins, ends in applies],
            "conditions": zone.conditions,
            "ahead": authority.ahead if authority else None,
            "lower": volumes[0].lower and volumes[0].lower.model_dump(),
            "upper": volumes[0].upper and volumes[0].upper.model_dump(),
        }
    ]


def _vertically(lower: Any, height_m: float) -> tuple[Literal["yes", "above", "cannot_tell"], float | None]:
    if lower is None:
        return "yes", 0.0
    if lower.value >= UNLIMITED:
        return "above", None
    if lower.reference != "AGL":
        return "cannot_tell", None
    return ("yes" if lower.metres <= height_m else "above"), max(0.0, lower.metres)


def _free_below(met: Sequence[dict[str, Any]], limit_m: float) -> float:
    floors = [one["begins_at_m"] for one in met if one["kind"] in checks.SERIOUS and one["begins_at_m"] is not None]
    return float(min([limit_m, *floors]))


def _permissions(
    connection: pool.Connection, area: Sequence[Polygon], window: applicability.Span, now: datetime
) -> list[dict[str, Any]]:
    found = []
    for row in authorisations.page(connection, limit=100, now=now, kind="mobile", over=False):
        if row["valid_from"] >= window[1] or row["valid_to"] <= window[0]:
            continue
        covers_dates = row["valid_from"] <= window[0] and window[1] <= row["valid_to"]
        found.append(row | {"covers_dates": covers_dates, "covers_area": _covered(row["area"], area)})
    return found


def _covered(permitted: dict[str, Any] | None, area: Sequence[Polygon]) -> Literal["whole", "part", "none"]:
    pieces = authorisations.shapes(permitted)
    if pieces is None or all(geometry.covers(pieces, one) for one in area):
        return "whole"
    return "part" if any(geometry.shapes_meet(one, piece) for one in area for piece in pieces) else "none"


def _is_grounded(connection: pool.Connection, aircraft_id: uuid.UUID | None) -> bool:
    return aircraft_id is not None and bool(aircraft.item(connection, aircraft_id)["grounded"])


def _missing(
    answer: dict[str, Any], height_m: float, newest: datetime | None, now: datetime, *, grounded: bool
) -> list[str]:
    """What stands between the plan and a lawful flight."""
    is_permitted = any(one["covers_dates"] and one["covers_area"] == "whole" for one in answer["permissions"])
    found = [
        ("permission", not is_permitted),
        ("zone_authorisation", any(one["level"] == "serious" for one in answer["zones"])),
        ("geozones", newest is None),
        ("old_geozones", newest is not None and now - newest > OLD),
        ("night", bool(answer["nights"])),
        ("too_high", height_m > answer["height_limit_m"]),
        ("grounded", grounded),
    ]
    return [code for code, is_so in found if is_so]
