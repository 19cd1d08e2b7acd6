"""Intrusion and loitering on hand-made tracks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import ValidationError

from vision.frame import Frame
from vision.rules import registry
from vision.rules.base import Scene
from vision.rules.intrusion import Intrusion, IntrusionSettings
from vision.rules.loitering import LoiteringSettings
from vision.track import Track
from vision.zones import Zone

if TYPE_CHECKING:
    from vision.rules.base import Rule

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
YARD = Zone(name="yard", points=[(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)])
IN, OUT = 0.7, 0.2
IMAGE = np.zeros((4, 4, 3), np.uint8)


def track(x: float, number: int = 1, label: str = "person", *, moved: bool = True) -> Track:
    return Track(number, label, 0.5, (x - 0.05, 0.4, x + 0.05, 0.7), 0.0, 0.0, moved)


def run(
    rule: Rule, script: list[tuple[float, list[Track]]], *, from_s: float = 0.0, start: datetime = NOON
) -> list[tuple[float, str, int, str | None]]:
    """(seconds, tracks) one after the other, five frames a second: (media time, phase, occurrence, zone)."""
    told: list[tuple[float, str, int, str | None]] = []
    step = 0
    for seconds, tracks in script:
        for _ in range(round(seconds * 5)):
            now_s = from_s + step / 5
            step += 1
            frame = Frame(IMAGE, 0, now_s, start + timedelta(seconds=now_s))
            found = rule.update(Scene(frame, tracks, detected=True))
            told += [(round(now_s, 1), event.phase, event.occurrence, event.zone) for event in found]
    return told


def intrusion(**settings: object) -> Rule:
    return registry.make("intrusion", IntrusionSettings.model_validate(settings), [YARD])


def loitering(zones: list[Zone] | None = None, **settings: object) -> Rule:
    return registry.make("loitering", LoiteringSettings.model_validate(settings), [YARD] if zones is None else zones)


def test_a_person_in_the_zone_is_told_once_and_over_when_it_is_empty() -> None:
    told = run(intrusion(), [(2, [track(OUT)]), (5, [track(IN)]), (3, []), (4, [track(IN, 2)]), (15, [track(OUT, 2)])])
    assert told == [(3.0, "opened", 1, "yard"), (23.8, "closed", 1, "yard")]


@pytest.mark.parametrize(
    "visitor",
    [track(IN, moved=False), track(IN, label="dog"), track(OUT)],
    ids=["a stone", "a dog", "somebody beside it"],
)
def test_who_does_not_count_for_intrusion(visitor: Track) -> None:
    assert run(intrusion(), [(10, [visitor])]) == []


def test_vehicles_count_where_they_are_asked_for() -> None:
    car = [(3.0, [track(IN, label="car")])]
    assert [step[1] for step in run(intrusion(), car)] == ["opened"]
    assert run(intrusion(what=["person"]), car) == []


def test_without_a_watch_zone_intrusion_is_silent() -> None:
    mask = Zone(name="sky", kind="mask", points=YARD.points)
    assert run(Intrusion(IntrusionSettings(), [mask]), [(10, [track(IN)])]) == []


def test_outside_its_hours_intrusion_is_silent_and_their_end_ends_it() -> None:
    rule = intrusion(schedule="12:00-12:01", time_zone="UTC")
    told = run(rule, [(100, [track(IN)])])
    assert told == [(1.0, "opened", 1, "yard"), (60.0, "closed", 1, "yard")]
    night = run(intrusion(schedule="23:00-05:00", time_zone="Europe/Madrid"), [(5, [track(IN)])])
    assert night == []


@pytest.mark.parametrize(
    "settings",
    [{"schedule": "night"}, {"time_zone": "Mars/Olympus"}, {"what": []}, {"confirm_s": -1}, {"dwell_s": 3}],
)
def test_wrong_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IntrusionSettings.model_validate(settings)


def test_an_open_intrusion_goes_on_after_a_restart() -> None:
    before = intrusion()
    assert [step[1] for step in run(before, [(5, [track(IN)])])] == ["opened"]
    after = intrusion()
    after.restore(json.loads(json.dumps(before.snapshot())), 0.0)
    assert run(after, [(3, []), (5, [track(IN, 9)]), (11, [])]) == [(17.8, "closed", 1, "yard")]


def test_a_long_stay_is_loitering() -> None:
    told = run(loitering(dwell_s=20), [(5, [track(OUT)]), (30, [track(IN)]), (10, [track(OUT)])])
    assert told == [(25.0, "opened", 1, "yard"), (40.0, "closed", 1, "yard")]


def test_several_short_stays_are_none() -> None:
    visits = [step for n in range(6) for step in ((15.0, [track(IN, n)]), (8.0, [track(OUT, n)]))]
    assert run(loitering(dwell_s=20), visits) == []


def test_a_stay_goes_on_under_another_track_number() -> None:
    told = run(loitering(dwell_s=20), [(12, [track(IN, 1)]), (3, []), (12, [track(IN + 0.02, 2)])])
    assert told == [(20.0, "opened", 1, "yard")]


def test_two_people_are_two_stays() -> None:
    told = run(loitering(dwell_s=20), [(10, [track(0.6, 1)]), (25, [track(0.6, 1), track(0.9, 2)])])
    assert told == [(20.0, "opened", 1, "yard"), (30.0, "opened", 2, "yard")]


def test_without_a_zone_loitering_watches_the_whole_picture() -> None:
    assert run(loitering([], dwell_s=20), [(25, [track(OUT)])]) == [(20.0, "opened", 1, None)]


def test_open_loitering_goes_on_after_a_restart() -> None:
    before = loitering(dwell_s=20)
    run(before, [(25, [track(IN)])])
    after = loitering(dwell_s=20)
    after.restore(json.loads(json.dumps(before.snapshot())), 0.0)
    assert run(after, [(2, []), (5, [track(IN, 4)]), (6, [])]) == [(11.8, "closed", 1, "yard")]


@pytest.mark.parametrize("rule", [intrusion(), loitering()])
def test_a_state_that_is_none_is_refused(rule: Rule) -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        rule.restore({"visits": {"yard": {}}, "stays": [{}]}, 0.0)
