"""Who stays in a zone, since when: what `loitering` and `stopped_vehicle` keep, each by its own rule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vision.rules import base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vision.geometry import Box
    from vision.track import Track


@dataclass(slots=True)
class Stay:
    """The time of one person or vehicle in one zone."""

    zone: str | None
    track_id: int
    label: str
    confidence: float
    box: Box
    """The last one of a person; of a vehicle, where it came to stand."""
    since_s: float
    last_s: float
    number: int | None = None
    """Of the occurrence, once it was opened."""


class Stays:
    """The stays of one rule, and the numbers of those that were told; `role` is what their events call them."""

    def __init__(self, rule: str, role: base.Role, severity: base.Severity) -> None:
        self._rule = rule
        self._role = role
        self._severity = severity
        self._stays: list[Stay] = []
        self._next_number = 1

    def __iter__(self) -> Iterator[Stay]:
        return iter(self._stays)

    def begin(self, zone: str | None, one: Track, now_s: float) -> Stay:
        stay = Stay(zone, one.track_id, one.label, one.confidence, one.box, now_s, now_s)
        self._stays.append(stay)
        return stay

    def forget_untold(self) -> None:
        self._stays = [stay for stay in self._stays if stay.number is not None]

    def is_one_due(self, now_s: float, dwell_s: float) -> bool:
        """Whether one that was not told comes to its time before the next still picture."""
        due_s = dwell_s - base.STILL_FRAME_S
        return any(stay.number is None and now_s - stay.since_s >= due_s for stay in self._stays)

    def opened(self, dwell_s: float) -> list[base.RuleEvent]:
        """Number and tell those that have lasted so long."""
        events = []
        for stay in self._stays:
            if stay.number is None and stay.last_s - stay.since_s >= dwell_s:
                stay.number, self._next_number = self._next_number, self._next_number + 1
                events.append(self._event(stay, "opened"))
        return events

    def closed(self, is_over: Callable[[Stay], bool]) -> list[base.RuleEvent]:
        """Drop those that are over; tell of the ones that were told before."""
        ended = [stay for stay in self._stays if is_over(stay)]
        self._stays = [stay for stay in self._stays if stay not in ended]
        return [self._event(stay, "closed") for stay in ended if stay.number is not None]

    def snapshot(self, now_s: float) -> dict[str, Any]:
        """As JSON, with times counted back from now."""
        stays = [asdict(stay) for stay in self._stays if stay.number is not None]
        for index, stay in enumerate(stays):
            stay["since_s"] -= now_s
            stay["track_id"] = -1 - index  # track ids begin anew at the next start
        return {"next_number": self._next_number, "stays": stays}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        """Take up a snapshot of `ago_s` seconds ago; `ValueError` where it is none."""
        try:
            stays = [Stay(**{**stay, "box": tuple(stay["box"])}) for stay in state["stays"]]
            for stay in stays:
                stay.since_s -= ago_s
                stay.last_s = max(0.0, -ago_s)  # the time while nobody looked does not count as empty
            self._stays, self._next_number = stays, int(state["next_number"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of {self._rule}: {error}") from error

    def _event(self, stay: Stay, phase: base.Phase) -> base.RuleEvent:
        return base.RuleEvent(
            rule=self._rule,
            occurrence=stay.number or 0,
            phase=phase,
            occurred_s=stay.last_s,
            severity=self._severity,
            confidence=stay.confidence,
            objects=[base.RuleObject(self._role, stay.label, stay.track_id, stay.confidence, stay.box)],
            began_s=stay.since_s,
            zone=stay.zone,
            attributes={"dwell_s": round(stay.last_s - stay.since_s, 1)},
        )
