"""Line crossing, stopped vehicles, crowds, fast motion and smoke on hand-made tracks and pictures."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from vision.detect import Detection
from vision.frame import Frame
from vision.rules import registry
from vision.rules.base import Scene
from vision.track import Track
from vision.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from vision.geometry import Box
    from vision.rules.base import Rule, RuleEvent

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GREY = np.full((120, 160, 3), 90, np.uint8)
GATE = Zone(name="gate", kind="line", points=[(0.2, 0.5), (0.8, 0.5)])
KERB = Zone(name="kerb", kind="no_stopping", points=[(0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)])
BIN = Zone(name="bin", kind="fixture", points=[(0.4, 0.3), (0.5, 0.3), (0.5, 0.5), (0.4, 0.5)])


def make(name: str, zones: Iterable[Zone] = (), **settings: Any) -> Rule:
    return registry.make(name, registry.KINDS[name].settings.model_validate(settings), list(zones))


def person(x: float, foot: float, number: int = 1, height: float = 0.2) -> Track:
    return Track(number, "person", 0.8, (x - 0.03, foot - height, x + 0.03, foot), 0.0, 0.0, moved=True)


def car(x: float, foot: float, number: int = 1, *, moved: bool = True) -> Track:
    return Track(number, "car", 0.7, (x - 0.1, foot - 0.15, x + 0.1, foot), 0.0, 0.0, moved)


def run(
    rule: Rule,
    tracks_at: Callable[[float], list[Track]],
    until_s: float,
    *,
    fps: float = 5.0,
    image_at: Callable[[float], NDArray[np.uint8]] = lambda _at_s: GREY,
) -> list[RuleEvent]:
    told = []
    for index in range(round(until_s * fps)):
        at_s = index / fps
        frame = Frame(image_at(at_s), index, at_s, START + timedelta(seconds=at_s))
        told += rule.update(Scene(frame, tracks_at(at_s), detected=True))
    return told


def phases(events: list[RuleEvent]) -> list[tuple[str, float]]:
    return [(event.phase, round(event.occurred_s, 1)) for event in events]


@pytest.mark.parametrize(
    ("direction", "speed", "told"),
    [("any", 0.1, ["b->a"]), ("b->a", 0.1, ["b->a"]), ("a->b", 0.1, []), ("a->b", -0.1, ["a->b"])],
)
def test_a_line_is_crossed_in_a_direction(direction: str, speed: float, told: list[str]) -> None:
    start = 0.2 if speed < 0 else 0.8
    found = run(make("line_crossing", [GATE], direction=direction), lambda t: [person(0.5, start - speed * t)], 6)
    assert [event.attributes["direction"] for event in found if event.phase == "opened"] == told
    assert [event.phase for event in found] == ["opened", "closed"] * len(told)


def test_trembling_on_the_line_is_one_crossing_and_there_and_back_are_two() -> None:
    rng = np.random.default_rng(1)
    trembling = run(
        make("line_crossing", [GATE]),
        lambda t: [person(0.5, 0.3 + 0.04 * t + float(rng.uniform(-0.015, 0.015)))],
        10,
    )
    assert phases(trembling)[0][0] == "opened"
    assert len(trembling) == 2
    back = run(make("line_crossing", [GATE]), lambda t: [person(0.5, 0.3 + 0.1 * min(t, 8 - t))], 8)
    assert [event.attributes["direction"] for event in back if event.phase == "opened"] == ["a->b", "b->a"]


def test_the_prolongation_of_a_line_is_no_line() -> None:
    assert run(make("line_crossing", [GATE]), lambda t: [person(0.95, 0.2 + 0.1 * t)], 7) == []


@pytest.mark.parametrize("fps", [5.0, 0.1])
def test_a_vehicle_that_arrives_and_stays_is_told_and_over_when_it_drives_off(fps: float) -> None:
    def tracks(t: float) -> list[Track]:
        x = 0.1 + 0.04 * min(t, 10) if t < 150 else 0.5 + 0.04 * (t - 150)
        return [car(x, 0.8)]

    found = run(make("stopped_vehicle", [KERB]), tracks, 200, fps=fps)
    assert [event.phase for event in found] == ["opened", "closed"]
    assert 60 <= found[0].occurred_s <= 85
    assert 150 <= found[1].occurred_s + 10 <= 185


def test_who_does_not_count_as_a_stopped_vehicle() -> None:
    parked_before = run(make("stopped_vehicle", [KERB]), lambda _t: [car(0.5, 0.8, moved=False)], 120)
    passing = run(make("stopped_vehicle", [KERB], dwell_s=10), lambda t: [car((0.05 * t) % 1.0, 0.8, int(t / 20))], 120)
    elsewhere = run(make("stopped_vehicle", [KERB]), lambda t: [car(0.1 + 0.02 * min(t, 5), 0.4)], 120)
    assert [parked_before, passing, elsewhere] == [[], [], []]


def test_a_vehicle_before_a_container_that_the_detector_loses_for_a_while() -> None:
    def tracks(t: float) -> list[Track]:
        if t < 5:
            return [car(0.05 * t + 0.2, 0.5)]
        return [car(0.45, 0.5, number=1 + int(t / 25), moved=t < 25)] if (t % 20) < 8 else []

    found = run(make("stopped_vehicle", [BIN]), tracks, 70)
    assert [(event.phase, event.zone) for event in found] == [("opened", "bin")]


def test_a_stopped_vehicle_goes_on_after_a_restart() -> None:
    before = make("stopped_vehicle", [KERB], dwell_s=20)
    opened = run(before, lambda t: [car(0.1 + 0.04 * min(t, 10), 0.8)], 40)
    after = make("stopped_vehicle", [KERB], dwell_s=20)
    after.restore(json.loads(json.dumps(before.snapshot())), 5.0)
    closed = run(after, lambda t: [car(0.5, 0.8, 9, moved=False)] if t < 30 else [], 60)
    assert [(event.phase, event.occurrence) for event in (*opened, *closed)] == [("opened", 1), ("closed", 1)]


def crowd_of(count: int) -> list[Track]:
    return [person(0.05 + 0.9 * (n % 10) / 10, 0.4 + 0.2 * (n // 10), n) for n in range(count)]


def test_a_crowd_is_told_grows_and_disperses() -> None:
    def tracks(t: float) -> list[Track]:
        return crowd_of(4 if t < 20 or t >= 90 else 8 if t < 50 else 12)

    found = run(make("crowd", people=8), tracks, 130)
    assert [event.phase for event in found] == ["opened", "updated", "closed"]
    assert 30 <= found[0].occurred_s <= 42
    assert [event.attributes["people"] for event in found] == [8, 10, 4]
    assert found[2].attributes["people_peak"] == 12


def test_a_count_that_swings_around_the_limit_is_one_crowd() -> None:
    found = run(make("crowd", people=8), lambda t: crowd_of(8 if t < 20 or int(t / 3) % 2 else 7), 120)
    assert [event.phase for event in found] == ["opened"]


def test_a_dense_corner_is_a_crowd_by_density() -> None:
    corner = Zone(name="corner", points=[(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)])
    people = [person(0.42 + 0.04 * n, 0.55, n) for n in range(4)]
    assert run(make("crowd", [corner]), lambda _t: people, 60) == []
    assert [event.phase for event in run(make("crowd", [corner], density=2.5), lambda _t: people, 60)] == ["opened"]


def test_two_people_who_whirl_are_fast_and_two_who_stand_are_not() -> None:
    rng = np.random.default_rng(0)
    ground = np.asarray(cv2.GaussianBlur(rng.integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 3), np.uint8)
    patch = np.asarray(cv2.GaussianBlur(rng.integers(0, 255, (40, 20, 3), np.uint8), (0, 0), 2), np.uint8)

    def whirl(at_s: float) -> NDArray[np.uint8]:
        image = ground.copy()
        for column, swing in ((62, 1), (80, -1)):
            shift = column + swing * (3 if round(at_s * 5) % 2 else -3)
            image[60:100, shift : shift + 20] = patch
        return image

    pair = [person(0.45, 0.85, 1, 0.35), person(0.56, 0.85, 2, 0.35)]
    still = run(make("fast_motion_or_fight"), lambda _t: pair, 10, image_at=lambda _t: ground)
    fast = run(make("fast_motion_or_fight", energy=0.4), lambda t: pair if t < 10 else [], 30, image_at=whirl)
    assert still == []
    assert [event.phase for event in fast] == ["opened", "closed"]


class SeesSmoke:
    name, sha256 = "smoke", "0" * 64

    def __init__(self, box: Box, until_s: float) -> None:
        self._box, self._looks, self._until = box, 0, until_s

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        del image
        self._looks += 1
        return [Detection("Smoke", 0.6, self._box)] if self._looks * 3 <= self._until else []


def test_smoke_is_told_after_agreeing_looks_and_over_when_it_clears() -> None:
    settings = registry.KINDS["smoke_fire"].settings()
    rule = registry.make("smoke_fire", settings, [], SeesSmoke((0.4, 0.1, 0.6, 0.4), 30))
    found = run(rule, lambda _t: [], 80)
    assert phases(found) == [("opened", 6.0), ("closed", 27.0)]
    assert found[0].attributes["kinds"] == ["smoke"]
    assert run(make("smoke_fire"), lambda _t: [], 20) == []
