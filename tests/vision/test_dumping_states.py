"""What becomes of a thing that is left: its states, growth, throws, and the pictures that are shown of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.vision.street import HEIGHT, WIDTH, Mover, Street, Thing, walk, watch
from vision.rules.illegal_dumping import IllegalDumping, IllegalDumpingSettings
from vision.statures import Statures

if TYPE_CHECKING:
    from vision.rules.base import RuleEvent


def rule(**settings: float) -> IllegalDumping:
    return IllegalDumping(IllegalDumpingSettings.model_validate(settings), [])


def told(events: list[tuple[float, RuleEvent]]) -> list[tuple[str, str, str | None]]:
    return [
        (event.phase, event.attributes["state"], event.attributes.get("change") or event.attributes.get("ended"))
        for _, event in events
    ]


def dumping(*more: Thing) -> Street:
    owner = Mover(1, walk((5, 168), (10, 60), (14, 60), (19, 168)))
    return Street([owner], [Thing(44, 90, 10), *more])


def test_a_thing_is_with_its_owner_then_unattended_then_abandoned() -> None:
    watcher, states = rule(), {}
    for scene in dumping().scenes(35):
        watcher.update(scene)
        states[round(scene.frame.media_time_s, 1)] = [one.state for one in watcher.things()]
    assert states[9.0] == []
    assert states[15.0] == ["with_owner"]
    assert states[22.0] == ["unattended"]
    assert states[34.0] == ["abandoned"]


def test_an_owner_who_comes_back_into_view_under_the_same_number_reclaims_it() -> None:
    street = dumping()
    street.movers[0].path = walk((5, 168), (10, 60), (14, 60), (19, 150), (38, 150), (43, 60), (58, 60), (62, 168))
    street.things[0].to_s = 57.0
    assert told(watch(rule(), street, 75)) == [
        ("opened", "abandoned", None),
        ("updated", "with_owner", "owner_back"),
        ("closed", "reclaimed", "reclaimed"),
    ]


def test_a_thing_that_somebody_else_takes_is_taken() -> None:
    street = dumping()
    street.things[0].to_s = 37.0
    street.movers.append(Mover(2, walk((32, 168), (36, 60), (38, 60), (42, 168))))
    assert told(watch(rule(), street, 55))[-1] == ("closed", "taken", "taken")


def test_what_somebody_else_puts_beside_it_later_is_growth_and_no_second_alert() -> None:
    street = dumping(Thing(54, 91, 40, size=(10, 14), colour=(200, 60, 40)))
    street.movers.append(Mover(2, walk((35, 168), (40, 70), (43, 70), (48, 168))))
    events = watch(rule(), street, 75)
    assert [phase for phase, _, _ in told(events)] == ["opened", "updated"]
    assert told(events)[1][2] == "grew"
    grown, first = events[1][1].objects[0].box, events[0][1].objects[0].box
    assert grown[2] - grown[0] > 1.3 * (first[2] - first[0])


def test_a_new_thing_on_an_old_heap_is_a_dumping() -> None:
    heap = Thing(44, 90, -1, size=(30, 10), colour=(60, 90, 60))
    owner = Mover(1, walk((5, 168), (10, 66), (14, 66), (19, 168)))
    events = watch(rule(), Street([owner], [heap, Thing(44, 84, 10)]), 40)
    assert [phase for phase, _, _ in told(events)] == ["opened"]


def test_a_thing_thrown_over_a_fence_is_linked_to_who_threw_it() -> None:
    thrower = Mover(1, walk((5, 168), (9, 150), (14, 150), (16, 168)))
    way = [Thing(140 - 12 * n, 60 + 3 * n * (n - 5) + 30, 10 + 0.2 * n, 10.2 + 0.2 * n) for n in range(1, 8)]
    events = watch(rule(), Street([thrower], [*way, Thing(44, 110, 11.6)]), 35)
    assert [(event.phase, event.attributes["how"]) for _, event in events] == [("opened", "thrown")]
    assert events[0][1].objects[1].track_id == 1


def test_a_thing_that_only_appears_was_not_thrown() -> None:
    bystander = Mover(1, walk((5, 168), (9, 150), (14, 150), (16, 168)))
    assert watch(rule(), Street([bystander], [Thing(44, 110, 11.6)]), 35) == []


def test_an_alert_shows_the_place_before_and_after_and_who_brought_it() -> None:
    pictures = {one.kind: one for one in watch(rule(), dumping(), 35)[0][1].pictures}
    assert set(pictures) == {"before", "after", "actor"}
    before, after = pictures["before"].image.astype(float), pictures["after"].image.astype(float)
    assert before.shape == after.shape
    change = np.abs(before - after).max(axis=2)
    x1, y1, x2, y2 = 37, 78, 51, 90
    height, width = change.shape
    assert width < WIDTH
    assert height < HEIGHT
    assert 0.5 * (x2 - x1) * (y2 - y1) < np.count_nonzero(change > 40) < 2 * (x2 - x1) * (y2 - y1)
    assert pictures["before"].media_time_s <= pictures["after"].media_time_s
    assert pictures["actor"].image.shape[0] > 40


@pytest.mark.parametrize(("sensitivity", "found"), [(0.5, ["opened"]), (0.0, [])])
def test_sensitivity_asks_for_more_or_less_evidence(sensitivity: float, found: list[str]) -> None:
    street = dumping()
    street.things[0].colour = (95, 95, 95)
    watcher = rule(sensitivity=sensitivity)
    assert [event.phase for _, event in watch(watcher, street, 35)] == found


def test_how_high_people_are_is_learned_row_by_row() -> None:
    statures = Statures()
    assert statures.at(100) is None
    for n in range(60):
        row = 60.0 + n
        statures.add((0, row - 20 - row / 4, 16, row))
    assert statures.at(100) == pytest.approx(45, abs=1)
    assert statures.at(70) == pytest.approx(37.5, abs=1)
    assert statures.at(400) is None
