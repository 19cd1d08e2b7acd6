"""Hours, holidays, calendar, cool-down and least size, around a rule that says what the test tells it to."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from vision.frame import Frame
from vision.rules import base
from vision.rules.settings import RuleSettings
from vision.rules.watched import Watched

if TYPE_CHECKING:
    from vision.rules.base import Phase

IMAGE = np.zeros((4, 4, 3), np.uint8)
WEDNESDAY = datetime(2026, 3, 4, 19, 0, tzinfo=UTC)
DIADA = datetime(2026, 9, 11, 10, 0, tzinfo=UTC)  # a Friday


class Script(base.Rule):
    """Tells what its script says for a frame's second."""

    name = "script"

    def __init__(self, script: dict[float, list[tuple[int, Phase]]], size: float) -> None:
        self._script, self._size, self._at_s = script, size, 0.0

    def update(self, scene: base.Scene) -> list[base.RuleEvent]:
        now_s = scene.frame.media_time_s
        thing = base.RuleObject("thing", "unknown", None, 0.5, (0.1, 0.1, 0.2, 0.1 + self._size))
        return [
            base.RuleEvent(self.name, number, phase, now_s, "high", 0.9, [thing], began_s=now_s, zone="yard")
            for number, phase in self._script.get(now_s, [])
        ]

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        del state, ago_s


class State(Script):
    name = "script"
    lasting = True


def run(rule: Watched, start: datetime, until_s: int, *, from_s: int = 0) -> list[tuple[float, str, int, str]]:
    told: list[tuple[float, str, int, str]] = []
    for second in range(from_s, until_s):
        frame = Frame(IMAGE, second, float(second), start + timedelta(seconds=second))
        found = rule.update(base.Scene(frame, [], detected=False))
        told += [(event.occurred_s, event.phase, event.occurrence, event.severity) for event in found]
    return told


def watched(
    script: dict[float, list[tuple[int, Phase]]], *, lasting: bool = False, size: float = 0.2, **settings: Any
) -> Watched:
    inside = (State if lasting else Script)(script, size)
    return Watched(inside, RuleSettings.model_validate({"time_zone": "UTC", **settings}))


ACT: dict[float, list[tuple[int, Phase]]] = {5: [(1, "opened")], 200: [(1, "closed")]}


def test_an_act_outside_the_hours_stays_untold_even_when_they_begin() -> None:
    assert run(watched(ACT, schedule="19:02-20:00"), WEDNESDAY, 300) == []
    assert run(watched(ACT, schedule="18:00-19:02"), WEDNESDAY, 300) == [
        (5, "opened", 1, "high"),
        (200, "closed", 1, "high"),
    ]


def test_a_state_is_told_when_its_hours_begin_and_is_over_when_they_end() -> None:
    told = run(watched(ACT, lasting=True, schedule="19:01-19:02"), WEDNESDAY, 300)
    assert told == [(60, "opened", 1, "high"), (120, "closed", 1, "high")]


def test_what_is_expected_is_silent_and_counted() -> None:
    evening = {"name": "bulky waste", "when": "wed 18:00-20:00", "effect": "silent"}
    rule = watched(ACT, calendar=[evening])
    assert run(rule, WEDNESDAY, 300) == []
    assert rule.take_silenced() == {"script: bulky waste": 1}
    assert rule.take_silenced() == {}


def test_what_is_expected_may_be_less_severe_and_says_so() -> None:
    market = {"name": "market", "effect": "low", "first_day": date(2026, 3, 4), "last_day": date(2026, 3, 4)}
    rule = watched({5: [(1, "opened")]}, calendar=[market])
    frame = Frame(IMAGE, 0, 5.0, WEDNESDAY)
    (event,) = rule.update(base.Scene(frame, [], detected=False))
    assert (event.severity, event.attributes["expected"]) == ("low", "market")
    assert [step[3] for step in run(watched(ACT, calendar=[market]), WEDNESDAY + timedelta(days=1), 300)] == [
        "high",
        "high",
    ]


@pytest.mark.parametrize(
    ("settings", "start", "told"),
    [
        ({"schedule": "mon-fri 20:00-08:00; holiday 00:00-24:00", "holidays": "ES-CT"}, DIADA, 1),
        ({"schedule": "mon-fri 20:00-08:00; holiday 00:00-24:00", "holidays": "ES-MD"}, DIADA, 0),
        ({"schedule": "mon-fri 20:00-08:00; holiday 00:00-24:00"}, DIADA, 0),
        ({"schedule": "holiday 00:00-24:00", "own_holidays": [date(2026, 3, 4)]}, WEDNESDAY, 1),
        ({"schedule": "mon-fri 08:00-20:00; holiday 22:00-23:00", "holidays": "ES-CT"}, DIADA, 0),
    ],
    ids=["national day", "another region", "no country", "the town's own", "a holiday is no Friday"],
)
def test_holidays(settings: dict[str, Any], start: datetime, told: int) -> None:
    assert len(run(watched({5: [(1, "opened")]}, **settings), start, 10)) == told


def test_a_cool_down_keeps_back_what_follows_in_the_same_zone() -> None:
    script: dict[float, list[tuple[int, Phase]]] = {5: [(1, "opened"), (1, "closed")], 20: [(2, "opened")]}
    script[90] = [(3, "opened")]
    rule = watched(script, cool_down_s=60)
    assert run(rule, WEDNESDAY, 100) == [(5, "opened", 1, "high"), (5, "closed", 1, "high"), (90, "opened", 2, "high")]
    assert rule.take_silenced() == {"script: cool_down": 1}


@pytest.mark.parametrize(("size", "told"), [(0.05, 0), (0.15, 1)])
def test_a_thing_has_a_least_size(size: float, told: int) -> None:
    assert len(run(watched({5: [(1, "opened")]}, size=size, min_size=0.1), WEDNESDAY, 10)) == told


def test_an_occurrence_keeps_its_number_over_a_restart() -> None:
    before = watched({2: [(7, "opened")]})
    assert run(before, WEDNESDAY, 5) == [(2, "opened", 1, "high")]
    after = watched({3: [(7, "closed")], 4: [(8, "opened")]})
    after.restore(json.loads(json.dumps(before.snapshot())), 10.0)
    assert run(after, WEDNESDAY, 6) == [(3, "closed", 1, "high"), (4, "opened", 2, "high")]


@pytest.mark.parametrize(
    "settings",
    [
        {"holidays": "XX"},
        {"holidays": "ES-ZZ"},
        {"time_zone": "Mars/Olympus"},
        {"calendar": [{"name": "x", "when": "never"}]},
        {"calendar": [{"name": "x", "first_day": date(2026, 5, 2), "last_day": date(2026, 5, 1)}]},
        {"sensitivity": 1.2},
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RuleSettings.model_validate(settings)
