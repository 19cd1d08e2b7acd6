"""The dumping rule over restarts, interruptions and still stretches of which only few pictures come."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.vision.street import HEIGHT, WIDTH, Mover, Street, Thing, walk
from vision.motion import MotionGate
from vision.rules.illegal_dumping import IllegalDumping, IllegalDumpingSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision.rules.base import RuleEvent, Scene

GONE_S = 16.9
"""When the owner is farther from the bag than 1.5 of his heights, by construction."""


def street(**light: float) -> Street:
    """A man sets a bag down at 10 s and walks back at 14 s; people pass all the time, so that it is never quiet."""
    owner = Mover(1, walk((5, 168), (10, 60), (14, 60), (19, 168)))
    others = [Mover(100 + n, walk((3 * n, -8), (3 * n + 5, 168), y=112)) for n in range(20)]
    return Street([owner, *others], [Thing(44, 90, 10)], light=lambda _: light.get("light", 1.0))


def rule() -> IllegalDumping:
    return IllegalDumping(IllegalDumpingSettings(), [])


def watch(watcher: IllegalDumping, scenes: Iterator[Scene]) -> list[tuple[float, RuleEvent]]:
    return [(scene.frame.media_time_s, event) for scene in scenes for event in watcher.update(scene)]


def restarted(before: IllegalDumping, ago_s: float) -> IllegalDumping:
    after = rule()
    memory = before.memory()
    assert memory is not None
    after.restore(json.loads(json.dumps(before.snapshot())), ago_s)
    after.recall(memory, ago_s)
    return after


@pytest.mark.parametrize("stop_s", [8.0, 12.0, 18.0, 22.0, 30.0])
def test_a_restart_at_any_moment_gives_one_alert_in_all(stop_s: float) -> None:
    away_s = 1.0
    before = rule()
    first = watch(before, itertools.takewhile(lambda one: one.frame.media_time_s < stop_s, street().scenes(60)))
    after = restarted(before, away_s)
    second = watch(after, street().scenes(50 - stop_s, scene_from_s=stop_s + away_s))
    opened = [at_s for at_s, event in first if event.phase == "opened"]
    opened += [stop_s + away_s + at_s for at_s, event in second if event.phase == "opened"]
    assert len(opened) == 1
    assert opened[0] == pytest.approx(GONE_S + 10, abs=3.0)
    assert {event.phase for _, event in second} <= {"opened", "updated"}


def test_after_hours_and_in_other_light_it_still_sees_from_the_first_seconds() -> None:
    before = rule()
    watch(before, itertools.takewhile(lambda one: one.frame.media_time_s < 4, street().scenes(60)))
    after = restarted(before, 7200.0)
    events = watch(after, street(light=0.7).scenes(30, scene_from_s=6.0))
    assert [event.phase for _, event in events] == ["opened"]


def test_what_came_while_it_was_away_is_nobodys() -> None:
    before = rule()
    watch(before, itertools.takewhile(lambda one: one.frame.media_time_s < 8, street().scenes(60)))
    passer_by = Mover(1, walk((30, 40), (34, 60), (40, 168), y=92))
    later = Street([passer_by], [Thing(44, 90, 10)])
    assert watch(restarted(before, 22.0), later.scenes(60, scene_from_s=31.0)) == []


@pytest.mark.parametrize("damage", [b"", b"nothing of the kind", b"PK\x03\x04 broken"])
def test_a_damaged_memory_is_refused(damage: bytes) -> None:
    with pytest.raises(ValueError, match="memory"):
        rule().recall(damage, 0.0)


def test_a_memory_cut_short_is_refused() -> None:
    before = rule()
    watch(before, street().scenes(3))
    memory = before.memory()
    assert memory is not None
    assert len(memory) < 200_000
    with pytest.raises(ValueError, match="memory"):
        rule().recall(memory[: len(memory) // 2], 0.0)


def test_without_a_picture_there_is_nothing_to_remember() -> None:
    assert rule().memory() is None


def test_a_reconnection_keeps_the_background_and_what_waits() -> None:
    watcher = rule()
    first = watch(watcher, itertools.takewhile(lambda one: one.frame.media_time_s < 20, street().scenes(60)))
    second = watch(watcher, street().scenes(20, from_s=22.0, scene_from_s=22.0))
    assert first == []
    assert [event.phase for _, event in second] == ["opened"]
    assert second[0][0] == pytest.approx(GONE_S + 10, abs=2.5)


def sparse(
    watcher: IllegalDumping, scenes: Iterator[Scene], interval_s: float, *, heeds_waits: bool
) -> Iterator[Scene]:
    """What the agent hands on that decodes key frames only while nothing moves."""
    gate, last_s = MotionGate(share_min=0.001), 0.0
    for scene in scenes:
        motion = gate.update(scene.frame)
        now_s = scene.frame.media_time_s
        if motion.moving or (heeds_waits and watcher.waits) or now_s - last_s >= interval_s:
            last_s = now_s
            yield replace(scene, detected=motion.moving)


@pytest.mark.parametrize(("interval_s", "heeds_waits"), [(1.0, False), (5.0, False), (10.0, True)])
def test_few_pictures_in_still_stretches_make_no_difference(interval_s: float, *, heeds_waits: bool) -> None:
    owner = Mover(1, walk((25, 168), (30, 60), (34, 60), (39, 168)))
    scene = Street([owner], [Thing(44, 90, 30, 75)])
    watcher, shown, events = rule(), 0, []
    for one in sparse(watcher, scene.scenes(100), interval_s, heeds_waits=heeds_waits):
        shown += 1
        events += [(one.frame.media_time_s, event) for event in watcher.update(one)]
    assert shown < 300
    assert [event.phase for _, event in events] == ["opened", "closed"]
    late_s = 1.5 if heeds_waits else 1.5 + interval_s
    assert GONE_S + 20 + 9.5 <= events[0][0] <= GONE_S + 20 + 10 + late_s


def test_it_waits_only_for_what_is_not_decided() -> None:
    scene = Street([Mover(1, walk((5, 168), (10, 60), (14, 60), (19, 168)))], [Thing(44, 90, 10)])
    watcher = rule()
    waits = {}
    for one in scene.scenes(60):
        watcher.update(one)
        waits[round(one.frame.media_time_s, 1)] = watcher.waits
    assert not waits[4.0]
    assert all(waits[at_s] for at_s in (12.0, 18.0, 24.0))
    assert not waits[50.0]


def test_a_shaking_camera_neither_hides_a_bag_nor_makes_one() -> None:
    random = np.random.default_rng(4)
    found = []
    for things in ([Thing(44, 90, 10)], []):
        scene = Street([Mover(1, walk((5, 168), (10, 60), (14, 60), (19, 168)))], things)
        shaken = []
        for one in scene.scenes(40):
            across, down = random.integers(-3, 4, 2)
            image = np.roll(one.frame.image, (int(down), int(across)), (0, 1))
            shaken.append(replace(one, frame=replace(one.frame, image=image)))
        found.append([event for _, event in watch(rule(), iter(shaken))])
    assert [event.phase for event in found[0]] == ["opened"]
    box = found[0][0].objects[0].box
    assert np.allclose(box, (37 / WIDTH, 78 / HEIGHT, 51 / WIDTH, 90 / HEIGHT), atol=0.04)
    assert found[1] == []
