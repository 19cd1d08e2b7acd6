"""What is checked after landing: one replay of the track, kept with the flight until something it rests on changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from control_room.authorisations import service as authorisations
from control_room.database import sql
from control_room.flight_log import replay
from control_room.flight_log.track import Run, Sample, runs_of
from control_room.flights import showing
from control_room.geozones import geometry
from control_room.geozones import service as geozones
from control_room.geozones.zone import Limit
from wire.message import UtcTime

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence

    from control_room import config
    from control_room import room as rooms
    from control_room.database import pool
    from control_room.geozones.zone import Geozone

Level = Literal["serious", "look", "note"]
SERIOUS = frozenset({"PROHIBITED", "REQ_AUTHORISATION", "UNKNOWN"})
"""Kinds of zones that nobody enters without asking."""
_MOST_SAMPLES = 40_000
_AT_ONCE = 2
"""Flights that one round of chores looks at again."""
_WAY_OF_COMPUTING = "1"
"""Changed when the replay learns something, so that kept results are made again."""
_QUERIES = sql.load(__file__)


class ZoneTold(BaseModel):
    """A zone as a finding names it."""

    geozone_id: str
    dataset_id: str
    identifier: str
    name: dict[str, str]
    kind: str
    message: dict[str, str]
    authority: dict[str, str]
    phone: str | None
    lower: Limit | None
    upper: Limit | None


class CheckItem(BaseModel):
    """Something that the flight did, from when to when."""

    code: Literal["geozone", "height", "sight", "night", "outside_area", "outside_dates"]
    level: Level
    begins: UtcTime
    ends: UtcTime
    lowest_m: float | None
    highest_m: float | None
    """Above the take-off point."""
    certain: bool
    why: list[str]
    """What was taken for granted, or is missing (`control_room.flight_log.replay`)."""
    zone: ZoneTold | None = None
    limit: float | None = None
    """What it was to keep to, in metres."""


class TrackDoubt(BaseModel):
    """What cannot be known of the track."""

    code: str
    begins: UtcTime
    ends: UtcTime
    metres: float | None


class DatasetTold(BaseModel):
    """A file of geozones that was looked at."""

    dataset_id: str
    source: str
    version: int
    came_after: bool
    """It was here, and published, only after the take-off."""


class Result(BaseModel):
    """All that a replay found."""

    source: Literal["telemetry", "simplified", "none"]
    """Of the track: each sample, only the simplified one, or there is none."""
    begins: UtcTime | None
    ends: UtcTime | None
    highest_m: float | None
    farthest_m: float | None
    """From the take-off point."""
    height_limit_m: float
    line_of_sight_m: float
    elevation_m: float | None
    items: list[CheckItem]
    doubts: list[TrackDoubt]
    datasets: list[DatasetTold]
    permission: Literal["authorisation", "urgent", "none"]


@dataclass(frozen=True, slots=True)
class _Flown:
    """What a replay is made from."""

    flight: dict[str, Any]
    source: Literal["telemetry", "simplified", "none"]
    runs: list[Run]
    doubts: list[TrackDoubt]

    @property
    def place(self) -> tuple[float, float]:
        """Of the pilot, taken to be where it took off."""
        flight = self.flight
        if flight["take_off_lon"] is not None:
            return flight["take_off_lon"], flight["take_off_lat"]
        return self.runs[0].samples[0].place


def of(
    connection: pool.Connection, flight_id: uuid.UUID, settings: config.Settings, now: datetime
) -> tuple[Result, datetime]:
    """The kept result, made anew where something it rests on changed; and when it was made.

    Raises:
        NoSuchFlightError: there is none.
    """
    inputs = _inputs(connection, flight_id, settings)
    if inputs is None:
        raise showing.NoSuchFlightError
    with connection.cursor(row_factory=dict_row) as cursor:
        kept = cursor.execute(_QUERIES["kept_checks"], {"flight_id": flight_id}).fetchone()
    if kept is not None and kept["inputs"] == inputs:
        return Result.model_validate(kept["result"]), kept["computed_at"]
    result = compute(connection, flight_id, settings)
    given = {"flight_id": flight_id, "inputs": inputs, "now": now, "result": Jsonb(result.model_dump(mode="json"))}
    connection.execute(_QUERIES["keep_checks"], given)
    return result, now


def refresh(room: rooms.Room, now: datetime) -> None:
    """Make some results anew of which something they rest on changed, so that lists show what is so."""
    with room.database.connection() as connection:
        waiting = stale(connection, room.settings, limit=_AT_ONCE)
    for flight_id in waiting:
        with room.database.connection() as connection, contextlib.suppress(showing.NoSuchFlightError):
            of(connection, flight_id, room.settings, now)


def stale(connection: pool.Connection, settings: config.Settings, *, limit: int) -> list[uuid.UUID]:
    """Flights with a track of which the result is missing or out of date, the newest first."""
    given = {"limit": limit, "settings": _settings_told(settings)}
    return [row[0] for row in connection.execute(_QUERIES["stale_checks"], given)]


def compute(connection: pool.Connection, flight_id: uuid.UUID, settings: config.Settings) -> Result:
    """Raises NoSuchFlightError."""
    flown = _flown(connection, flight_id)
    flight, runs = flown.flight, flown.runs
    limits, town = settings.law, zoneinfo.ZoneInfo(settings.town.time_zone)
    permission: Literal["authorisation", "urgent", "none"] = "none"
    if flight["authorisation_id"] is not None:
        permission = "authorisation"
    elif flight["urgent_reason"] is not None:
        permission = "urgent"
    near = geozones.Near([], [])
    items: list[CheckItem] = []
    if runs:
        box = geometry.box_of_ring([sample.place for run in runs for sample in run.samples])
        near = geozones.near(connection, box, runs[0].samples[0].at)
        for geozone_id, dataset_id, zone in near.zones:
            stays = replay.in_zone(runs, zone, elevation_m=flight["take_off_elevation_m"], town=town)
            items += [_in_zone(stay, told(geozone_id, dataset_id, zone), zone) for stay in stays]
        height_m, sight_m = limits.height_limit_m, limits.line_of_sight_m
        items += _items("height", "serious", replay.above(runs, height_m), height_m)
        items += _items("sight", "look", replay.away_from(runs, flown.place, sight_m), sight_m)
        items += _items("night", "look", replay.at_night(runs, flown.place, town))
        items += _permitted(flight, runs)
    items.sort(key=lambda one: (one.begins, one.code))
    return Result(
        source=flown.source,
        begins=runs[0].samples[0].at if runs else None,
        ends=runs[-1].samples[-1].at if runs else None,
        highest_m=replay.highest_m(runs),
        farthest_m=replay.farthest_m(runs, flown.place) if runs else None,
        height_limit_m=limits.height_limit_m,
        line_of_sight_m=limits.line_of_sight_m,
        elevation_m=flight["take_off_elevation_m"],
        items=items,
        doubts=flown.doubts,
        datasets=[DatasetTold.model_validate(row | {"dataset_id": str(row["dataset_id"])}) for row in near.datasets],
        permission=permission,
    )


def _inputs(connection: pool.Connection, flight_id: uuid.UUID, settings: config.Settings) -> str | None:
    given = {"flight_id": flight_id, "settings": _settings_told(settings)}
    row = connection.execute(_QUERIES["check_inputs"], given).fetchone()
    return None if row is None else str(row[0])


def _settings_told(settings: config.Settings) -> str:
    told = [_WAY_OF_COMPUTING, settings.law.model_dump(), settings.town.time_zone]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _flown(connection: pool.Connection, flight_id: uuid.UUID) -> _Flown:
    with connection.cursor(row_factory=dict_row) as cursor:
        flight = cursor.execute(_QUERIES["checked_flight"], {"flight_id": flight_id}).fetchone()
        if flight is None:
            raise showing.NoSuchFlightError
        given = {"flight_id": flight_id, "limit": _MOST_SAMPLES}
        rows = cursor.execute(_QUERIES["flown_samples"], given).fetchall()
    samples = [Sample(row["at"], row["lon"], row["lat"], row["rel_alt_m"]) for row in rows]
    source: Literal["telemetry", "simplified", "none"] = "telemetry"
    if not samples:
        samples = list(_simplified(flight["track"] or []))
        source = "simplified" if samples else "none"
    runs, doubts = runs_of(samples, is_simplified=source == "simplified")
    said = [TrackDoubt(code=one.code, begins=one.begins, ends=one.ends, metres=one.metres) for one in doubts]
    return _Flown(flight, source, runs, said)


def _simplified(track: list[list[Any]]) -> Iterator[Sample]:
    for at, lon, lat, height_m in track:
        yield Sample(datetime.fromisoformat(at), lon, lat, height_m)


def _permitted(flight: dict[str, Any], runs: list[Run]) -> list[CheckItem]:
    """Where and when it was outside its permission."""
    if flight["authorisation_id"] is None:
        return []
    ends = min(moment for moment in (flight["valid_to"], flight["revoked_at"]) if moment is not None)
    items = _items("outside_dates", "serious", replay.beyond_times(runs, [(flight["valid_from"], ends)]))
    area = authorisations.shapes(flight["area"])
    if area is not None:
        items += _items("outside_area", "serious", replay.outside(runs, area))
    return items


def _items(
    code: Literal["height", "sight", "night", "outside_area", "outside_dates"],
    level: Level,
    stays: Sequence[replay.Stretch],
    limit: float | None = None,
) -> list[CheckItem]:
    return [
        CheckItem(
            code=code,
            level=level,
            begins=stay.begins,
            ends=stay.ends,
            lowest_m=stay.lowest_m,
            highest_m=stay.highest_m,
            certain=stay.certain,
            why=list(stay.why),
            limit=limit,
        )
        for stay in stays
    ]


def _in_zone(stay: replay.Stretch, told: ZoneTold, zone: Geozone) -> CheckItem:
    return CheckItem(
        code="geozone",
        level=level_of(zone, certain=stay.certain),
        begins=stay.begins,
        ends=stay.ends,
        lowest_m=stay.lowest_m,
        highest_m=stay.highest_m,
        certain=stay.certain,
        why=list(stay.why),
        zone=told,
    )


def level_of(zone: Geozone, *, certain: bool) -> Level:
    if zone.kind in {"NO_RESTRICTION", "USPACE"}:
        return "note"
    return "serious" if zone.kind in SERIOUS and certain else "look"


def told(geozone_id: uuid.UUID, dataset_id: uuid.UUID, zone: Geozone) -> ZoneTold:
    authority = zone.authorities[0] if zone.authorities else None
    return ZoneTold(
        geozone_id=str(geozone_id),
        dataset_id=str(dataset_id),
        identifier=zone.identifier,
        name=zone.name,
        kind=zone.kind,
        message=zone.message,
        authority=authority.name if authority else {},
        phone=authority.phone if authority else None,
        lower=zone.volumes[0].lower,
        upper=zone.volumes[0].upper,
    )
