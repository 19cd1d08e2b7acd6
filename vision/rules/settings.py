"""What every rule can be told: when it watches, what is expected then, how easily it speaks, and how often."""

from __future__ import annotations

import functools
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from vision import schedule, track
from vision.rules.base import Severity

if TYPE_CHECKING:
    from collections.abc import Container

    from vision.geometry import Box
    from vision.track import Track


def _readable_schedule(text: str) -> str:
    schedule.parse(text)
    return text


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"a time zone like Europe/Madrid, which {name!r} is not") from error
    return name


def _known_country(code: str) -> str:
    _public_holidays(code)
    return code


@functools.cache
def _public_holidays(code: str) -> Container[date]:
    if not code:
        return ()
    import holidays  # noqa: PLC0415 - takes a third of a second, for those who have holidays only

    country, _, subdivision = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except (NotImplementedError, KeyError, TypeError) as error:
        raise ValueError(f"a country like ES, or one with its region like ES-CT ({error})") from error


Hours = Annotated[str, AfterValidator(_readable_schedule)]


class ExpectedActivity(BaseModel):
    """`[[camera.rules.X.calendar]]`: something that the town knows of and that looks like what the rule looks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\r\n]*$")
    """Shown with what it lowers, counted with what it silences."""
    when: Hours = ""
    """Local hours, as in `schedule`; empty for all of its days."""
    first_day: date | None = None
    last_day: date | None = None
    """Both inclusive; a span over midnight belongs to the day on which the clock stands."""
    effect: Literal["silent", "info", "low", "medium", "high"] = "silent"
    """`silent`: nothing is told; else the severity that it is lowered to."""

    @model_validator(mode="after")
    def _days_in_order(self) -> ExpectedActivity:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day} is not before first_day {self.first_day}")
        return self

    def holds(self, local: datetime, holidays: Container[date]) -> bool:
        if self.first_day is not None and local.date() < self.first_day:
            return False
        if self.last_day is not None and local.date() > self.last_day:
            return False
        return schedule.parse(self.when).holds(local, holidays)


class RuleSettings(BaseModel):
    """The keys that every table `[camera.rules.X]` has; each rule's settings inherit them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: Severity = "medium"
    schedule: Hours = ""
    """Local hours in which the rule watches, like `mon-fri 20:00-08:00; holiday 00:00-24:00`; empty for always."""
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = ""
    """Of the hours, like `Europe/Madrid`; empty for the device's own."""
    holidays: Annotated[str, AfterValidator(_known_country)] = ""
    """Whose public holidays are the hours' `holiday`: a country like `ES`, or with its region `ES-CT`."""
    own_holidays: list[date] = []
    """More of them: the town's own."""
    calendar: list[ExpectedActivity] = []
    """The first that holds counts."""
    sensitivity: float = Field(0.5, ge=0, le=1)
    """0.5 is as measured; more finds fainter things and gives more false alarms."""
    cool_down_s: float = Field(0.0, ge=0, le=86400)
    """After an occurrence began, no other begins in the same zone for so long."""
    min_size: float = Field(0.0, ge=0, le=1)
    """Share of the picture's height that a thing, person or vehicle must have."""
    zones: list[str] = []
    """Names of the camera's zones that this rule takes; empty for all that concern it."""

    @property
    def strictness(self) -> float:
        """Multiplies a rule's thresholds: 2 at sensitivity 0, 1 at 0.5, 0.5 at 1."""
        return float(2.0 ** (1.0 - 2.0 * self.sensitivity))

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.time_zone) if self.time_zone else None)

    def watches(self, at: datetime) -> bool:
        return not self.schedule or schedule.parse(self.schedule).holds(self.local(at), self._days_off())

    def expected(self, at: datetime) -> ExpectedActivity | None:
        return next((one for one in self.calendar if one.holds(self.local(at), self._days_off())), None)

    def believes(self, one: Track) -> bool:
        """Whether a track is large and sure enough, and not a stone that the model calls a person."""
        if not self.is_large(one.box) or one.confidence < _MOVED_SURE * (self.strictness - 1.0):
            return False
        return one.moved or (
            one.label == track.PERSON and one.confidence >= min(_CERTAIN, track.SURE * self.strictness)
        )

    def is_large(self, box: Box) -> bool:
        return box[3] - box[1] >= self.min_size

    def _days_off(self) -> Container[date]:
        return _Days(self.own_holidays, _public_holidays(self.holidays))


_MOVED_SURE = 0.5
"""Confidence that is asked of somebody who moved at sensitivity 0; none at 0.5, where the detector's own rules."""
_CERTAIN = 0.95


class _Days:
    """The union of several sets of days."""

    def __init__(self, *parts: Container[date]) -> None:
        self._parts = parts

    def __contains__(self, day: object) -> bool:
        return any(day in part for part in self._parts)
