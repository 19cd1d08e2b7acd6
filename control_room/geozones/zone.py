"""A UAS geographical zone (Regulation (EU) 2019/947 art. 15) as all three dialects of files are read into."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["PROHIBITED", "REQ_AUTHORISATION", "CONDITIONAL", "NO_RESTRICTION", "USPACE", "UNKNOWN"]
Reference = Literal["AGL", "AMSL", "WGS84"]
Unit = Literal["m", "ft"]
SunWord = Literal["BMCT", "SR", "SS", "EECT"]
"""Begin of morning civil twilight, sunrise, sunset, end of evening civil twilight."""
Position = tuple[float, float]
"""Longitude, latitude in degrees."""

METRES_PER_FOOT = 0.3048
UNLIMITED = 99_999.0
"""Files write an upper limit of this or more, in any unit, for none."""
ALL_DAYS = frozenset(range(7))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(_Part):
    """A height as its file gives it."""

    value: float
    unit: Unit
    reference: Reference

    @property
    def metres(self) -> float:
        return self.value * (METRES_PER_FOOT if self.unit == "ft" else 1.0)


class Polygon(_Part):
    """Straight lines between positions in degrees, closed; the first ring is the outer one, the others are holes."""

    type: Literal["Polygon"] = "Polygon"
    rings: tuple[tuple[Position, ...], ...]


class Circle(_Part):
    """Around a position."""

    type: Literal["Circle"] = "Circle"
    centre: Position
    radius_m: float = Field(gt=0)


Shape = Annotated[Polygon | Circle, Field(discriminator="type")]


class Volume(_Part):
    """A shape between two heights."""

    shape: Shape
    lower: Limit | None
    """None: from the ground."""
    upper: Limit | None
    """None: without end."""


class Daily(_Part):
    """A part of some days; where it ends no later than it begins, it ends on the next day."""

    days: frozenset[int]
    """0 is Monday."""
    begins: time | SunWord | None
    """None: with the day."""
    ends: time | SunWord | None
    """None: with the day."""
    in_utc: bool
    """Its hours and days are UTC; false: the file names no zone, so they are taken as the town's."""


class Applicability(_Part):
    """When a zone applies: between two moments, and in them on some parts of days."""

    begins: datetime | None
    ends: datetime | None
    daily: tuple[Daily, ...]
    """Empty: all the time."""


class Authority(_Part):
    """Whom to ask, or to tell."""

    name: dict[str, str]
    service: dict[str, str]
    contact: dict[str, str]
    site: str | None
    email: str | None
    phone: str | None
    purpose: str | None
    """AUTHORIZATION, NOTIFICATION or INFORMATION, as the file has it."""
    ahead: str | None
    """How long before, as the file has it (ISO 8601 duration)."""


class Geozone(_Part):
    """One zone of a file."""

    identifier: str
    country: str
    name: dict[str, str]
    """By language; `und` where the file does not name one."""
    kind: Kind
    kind_given: str
    """As the file writes it."""
    reasons: tuple[str, ...]
    message: dict[str, str]
    conditions: str | None
    categories: tuple[str, ...]
    """For which classes of operation it is written (`uSpaceClass`); empty: all."""
    applicability: tuple[Applicability, ...]
    """Empty: always."""
    authorities: tuple[Authority, ...]
    volumes: tuple[Volume, ...]
    doubts: tuple[str, ...] = ()
    """Codes of what was not as the format says and how it was read."""
