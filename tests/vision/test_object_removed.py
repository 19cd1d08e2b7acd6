"""A thing that stood in the picture is taken away, on drawn pictures; what was never part of the scene is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from vision.frame import Frame
from vision.rules import registry
from vision.rules.base import Scene
from vision.zones import Zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.rules.base import Rule, RuleEvent

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SQUARE = Zone(name="square", points=[(0.2, 0.2), (0.8, 0.2), (0.8, 0.9), (0.2, 0.9)])
_RNG = np.random.default_rng(5)
GROUND = np.asarray(
    (120 + cv2.GaussianBlur(_RNG.normal(0, 60, (120, 160, 3)).astype(np.float32), (0, 0), 3)).clip(0, 255), np.uint8
)
_NOISE = [_RNG.normal(0, 2, GROUND.shape).astype(np.float32) for _ in range(7)]

_BEGUN = _RNG.bit_generator.state


@pytest.fixture(autouse=True)
def _noise_of_its_own() -> None:
    """Whichever tests ran before."""
    _RNG.bit_generator.state = _BEGUN


def picture(*, bench: bool, gain: float = 1.0) -> NDArray[np.uint8]:
    image = GROUND.copy()
    if bench:
        cv2.rectangle(image, (66, 60), (94, 77), (40, 50, 160), -1)
        cv2.rectangle(image, (66, 60), (94, 67), (60, 80, 200), -1)
    field = _NOISE[int(_RNG.integers(len(_NOISE)))]
    return np.asarray((image * gain + field).clip(0, 255), np.uint8)


def make(**settings: Any) -> Rule:
    wanted = {"stood_s": 20, "gone_s": 5, "forget_s": 60, **settings}
    return registry.make("object_removed", registry.KINDS["object_removed"].settings.model_validate(wanted), [SQUARE])


def run(rule: Rule, script: list[tuple[float, dict[str, Any]]], fps: float = 2.5) -> list[RuleEvent]:
    told: list[RuleEvent] = []
    at_s, index = 0.0, 0
    for seconds, what in script:
        until_s = at_s + seconds
        while at_s < until_s - 1e-6:
            frame = Frame(picture(**what), index, at_s, START + timedelta(seconds=at_s))
            told += rule.update(Scene(frame, [], detected=False))
            at_s, index = at_s + 1 / fps, index + 1
    return told


def test_a_bench_that_is_taken_is_told_and_over_when_it_is_back() -> None:
    found = run(make(), [(40, {"bench": True}), (20, {"bench": False}), (10, {"bench": True})])
    assert [(event.phase, event.zone) for event in found] == [("opened", "square"), ("closed", "square")]
    assert 45 <= found[0].occurred_s <= 49
    assert found[1].attributes["ended"] == "returned"
    x1, y1, x2, y2 = found[0].objects[0].box
    assert 66 / 160 - 0.02 <= x1 <= (x1 + x2) / 2 <= x2 <= 94 / 160 + 0.03
    assert 60 / 120 - 0.02 <= y1 <= y2 <= 77 / 120 + 0.03


def test_an_empty_place_is_the_scene_after_a_while() -> None:
    found = run(make(), [(40, {"bench": True}), (80, {"bench": False})])
    assert [(event.phase, event.attributes.get("ended")) for event in found] == [
        ("opened", None),
        ("closed", "stays_gone"),
    ]


@pytest.mark.parametrize(
    "script",
    [
        [(10, {"bench": True}), (30, {"bench": False})],
        [(30, {"bench": False}), (8, {"bench": True}), (30, {"bench": False})],
        [(40, {"bench": True}), (20, {"bench": True, "gain": 0.6}), (10, {"bench": True})],
        [(40, {"bench": True}), (3, {"bench": False}), (20, {"bench": True})],
    ],
    ids=["stood too short", "came and went", "a cloud", "moved for a moment"],
)
def test_what_is_not_removed(script: list[tuple[float, dict[str, Any]]]) -> None:
    assert run(make(), script) == []


def test_what_is_open_goes_on_after_a_restart() -> None:
    before = make()
    opened = run(before, [(40, {"bench": True}), (10, {"bench": False})])
    after = make()
    after.restore(json.loads(json.dumps(before.snapshot())), 10.0)
    closed = run(after, [(70, {"bench": False})])
    assert [(event.phase, event.occurrence) for event in (*opened, *closed)] == [("opened", 1), ("closed", 1)]


def test_what_was_put_back_while_nobody_looked_and_is_taken_again_is_told_again() -> None:
    before = make()
    run(before, [(40, {"bench": True}), (10, {"bench": False})])
    after = make(forget_s=600)
    after.restore(json.loads(json.dumps(before.snapshot())), 10.0)
    found = run(after, [(40, {"bench": True}), (15, {"bench": False})])
    assert [(event.phase, event.occurrence, event.attributes.get("ended")) for event in found] == [
        ("closed", 1, "returned"),
        ("opened", 2, None),
    ]
