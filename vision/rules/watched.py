"""What surrounds every rule: its hours, the calendar of expected activity, the cool-down and the least size.

    rule --opened--> in its hours? --> large enough? --> expected? --> cooled down? --> told, or told as less severe
                      | no              | no              | silent        | no
                      +-----------------+-----------------+---------------+--> kept back; the last two are counted

An act that was kept back (a thing left, a line crossed) stays untold. A state (somebody is in the yard, the camera is
covered) is told as soon as nothing keeps it back any more, and is over when its hours end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vision.rules import base

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vision.rules.base import RuleEvent, Scene, Severity
    from vision.rules.settings import RuleSettings

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
_HOURS, _SIZE, _COOL_DOWN = "hours", "size", "cool_down"


@dataclass(slots=True)
class _Occurrence:
    """One of the rule's, by the rule's own number."""

    number: int | None
    """As it was told; None while it is kept back."""
    zone: str | None
    severity: Severity
    expected: str | None = None


class Watched(base.Rule):
    """A rule with what its settings say of when it may speak."""

    def __init__(self, rule: base.Rule, settings: RuleSettings) -> None:
        self.name = rule.name  # type: ignore[misc] # of the rule inside, which the agent and the wire know it by
        self._rule = rule
        self._settings = settings
        self._occurrences: dict[int, _Occurrence] = {}
        self._latest: dict[int, RuleEvent] = {}
        """The newest step of each state that goes on."""
        self._next_number = 1
        self._opened_s: dict[str | None, float] = {}
        """When something was last opened, by zone."""
        self._silenced: Counter[str] = Counter()
        self._now_s = 0.0
        self._clock: tuple[float, datetime] | None = None

    def update(self, scene: Scene) -> list[RuleEvent]:
        self._now_s = scene.frame.media_time_s
        self._clock = scene.frame.media_time_s, scene.frame.captured_at
        return self._pass_on(self._rule.update(scene))

    def without_picture(self, at_s: float) -> list[RuleEvent]:
        self._now_s = max(self._now_s, at_s)
        return self._pass_on(self._rule.without_picture(at_s))

    def snapshot(self) -> dict[str, Any]:
        return {
            "rule": self._rule.snapshot(),
            "next_number": self._next_number,
            "occurrences": {str(inner): asdict(one) for inner, one in self._occurrences.items()},
            "opened_s": [[zone, at_s - self._now_s] for zone, at_s in self._opened_s.items()],
        }

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        try:
            occurrences = {int(inner): _Occurrence(**one) for inner, one in state["occurrences"].items()}
            opened_s = {zone: float(at_s) - ago_s for zone, at_s in state["opened_s"]}
            next_number = int(state["next_number"])
            self._rule.restore(state["rule"], ago_s)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a snapshot of {self.name}: {error}") from error
        self._occurrences, self._opened_s, self._next_number = occurrences, opened_s, next_number

    def memory(self) -> bytes | None:
        return self._rule.memory()

    def recall(self, memory: bytes, ago_s: float) -> None:
        self._rule.recall(memory, ago_s)

    @property
    def waits(self) -> bool:
        return self._rule.waits

    def take_silenced(self) -> dict[str, int]:
        taken, self._silenced = self._silenced, Counter()
        return {f"{self.name}: {why}": count for why, count in taken.items()}

    def _pass_on(self, events: list[RuleEvent]) -> list[RuleEvent]:
        told = [step for event in events for step in self._consider(event)]
        return [*self._end_hours(), *told, *self._catch_up()]

    def _consider(self, event: RuleEvent) -> Iterator[RuleEvent]:
        one = self._occurrences.get(event.occurrence)
        if event.phase == "opened":
            one = self._occurrences[event.occurrence] = _Occurrence(None, event.zone, event.severity)
            kept_back = self._why_not(event)
            if kept_back is None:
                yield self._open(event, one)
            elif kept_back not in {_HOURS, _SIZE}:
                self._silenced[kept_back] += 1
        elif one is not None and one.number is not None:
            yield self._as_told(event, one)
        self._remember(event)

    def _remember(self, event: RuleEvent) -> None:
        if event.phase == "closed":
            self._occurrences.pop(event.occurrence, None)
            self._latest.pop(event.occurrence, None)
        elif self._rule.lasting:
            self._latest[event.occurrence] = event

    def _why_not(self, event: RuleEvent) -> str | None:
        """What keeps an occurrence back: a state by what holds now, an act by what held when it began."""
        at = self._moment(event)
        if at is not None and not self._settings.watches(at):
            return _HOURS
        if event.objects and event.objects[0].role == "thing" and not self._settings.is_large(event.objects[0].box):
            return _SIZE
        expected = None if at is None else self._settings.expected(at)
        if expected is not None and expected.effect == "silent":
            return expected.name
        opened_s = self._opened_s.get(event.zone)
        if opened_s is not None and self._now_s - opened_s < self._settings.cool_down_s:
            return _COOL_DOWN
        return None

    def _moment(self, event: RuleEvent) -> datetime | None:
        if self._clock is None:
            return None
        frame_s, captured_at = self._clock
        act_s = event.occurred_s if event.began_s is None else event.began_s
        return captured_at + timedelta(seconds=(self._now_s if self._rule.lasting else act_s) - frame_s)

    def _open(self, event: RuleEvent, one: _Occurrence) -> RuleEvent:
        one.number, self._next_number = self._next_number, self._next_number + 1
        self._opened_s[event.zone] = self._now_s
        at = self._moment(event)
        expected = None if at is None else self._settings.expected(at)
        if expected is not None and expected.effect != "silent":
            one.severity = min(event.severity, expected.effect, key=SEVERITIES.index)
            one.expected = expected.name
        return self._as_told(event, one)

    def _as_told(self, event: RuleEvent, one: _Occurrence) -> RuleEvent:
        attributes = dict(event.attributes) if one.expected is None else {**event.attributes, "expected": one.expected}
        severity = min(event.severity, one.severity, key=SEVERITIES.index)
        return replace(event, occurrence=one.number or 0, severity=severity, attributes=attributes)

    def _end_hours(self) -> Iterator[RuleEvent]:
        """States are over with the hours in which they are asked for."""
        for inner, one in self._occurrences.items():
            event = self._latest.get(inner)
            if event is None or one.number is None or self._why_not(event) != _HOURS:
                continue
            closed = replace(event, phase="closed", occurred_s=self._now_s, pictures=[])
            yield self._as_told(replace(closed, attributes={**event.attributes, "ended": "hours_over"}), one)
            one.number = None

    def _catch_up(self) -> Iterator[RuleEvent]:
        """States that were kept back until now."""
        for inner, event in list(self._latest.items()):
            one = self._occurrences[inner]
            if one.number is None and self._why_not(event) is None:
                yield self._open(replace(event, phase="opened", occurred_s=self._now_s), one)
