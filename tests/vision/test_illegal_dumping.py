"""The dumping rule on drawn streets: what is left, and everything that only looks like it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.vision.street import FPS, HEIGHT, WIDTH, Mover, Street, Thing, walk, watch
from vision import bringers
from vision.actors import Actors
from vision.rules.illegal_dumping import IllegalDumping, IllegalDumpingSettings
from vision.static_objects import Region
from vision.track import Track
from vision.zones import Zone

if TYPE_CHECKING:
    from vision.rules.base import RuleEvent

GONE_S = 16.9
"""When the owner of `dumping` is farther from the bag than 1.5 of his heights (72 pixels), by construction."""


def rule(zones: list[Zone] | None = None, **settings: float) -> IllegalDumping:
    return IllegalDumping(IllegalDumpingSettings.model_validate(settings), zones or [])


def dumping(*, leaves_s: float = 14.0, taken_s: float = 1e9, others: tuple[Mover, ...] = ()) -> Street:
    """A man comes from the right at 5 s, sets a bag down on his left at 10 s, and walks back."""
    owner = Mover(1, walk((5, 168), (10, 60), (leaves_s, 60), (leaves_s + 5, 168)))
    return Street([owner, *others], [Thing(44, 90, 10, taken_s)])


def phases(events: list[tuple[float, RuleEvent]]) -> list[str]:
    return [event.phase for _, event in events]


def test_a_bag_is_reported_once_ten_seconds_after_its_owner_has_gone() -> None:
    events = watch(rule(), dumping(), 45)
    assert phases(events) == ["opened"]
    at_s, event = events[0]
    assert GONE_S + 9 <= at_s <= GONE_S + 12
    assert event.occurred_s == at_s
    assert event.began_s == pytest.approx(10.0, abs=1.0)
    assert event.attributes["how"] == "left_by_person"
    assert event.attributes["unattended_s"] == pytest.approx(10.0, abs=0.3)
    thing, owner = event.objects
    assert (thing.role, thing.label, thing.track_id) == ("thing", "unknown", None)
    assert np.allclose(thing.box, (37 / WIDTH, 78 / HEIGHT, 51 / WIDTH, 90 / HEIGHT), atol=0.02)
    assert (owner.role, owner.label, owner.track_id) == ("actor", "person", 1)
    assert owner.box[0] == pytest.approx(52 / WIDTH, abs=0.1)


@pytest.mark.parametrize("unattended_s", [5.0, 20.0])
def test_the_wait_is_the_one_that_is_set(unattended_s: float) -> None:
    events = watch(rule(unattended_s=unattended_s), dumping(), 45)
    assert [at_s - GONE_S for at_s, _ in events] == [pytest.approx(unattended_s, abs=2.0)]


def test_an_owner_who_stays_is_no_dumper() -> None:
    assert watch(rule(), dumping(leaves_s=60), 45) == []


def test_an_owner_who_stays_unseen_by_the_detector_is_still_there() -> None:
    owner = Mover(1, walk((5, 168), (10, 60), (60, 60)), seen=lambda now_s: now_s < 16)
    assert watch(rule(), Street([owner], [Thing(44, 90, 10)]), 45) == []


def test_a_bag_that_its_owner_takes_back_in_time_is_no_dumping() -> None:
    owner = Mover(1, walk((5, 168), (10, 60), (13, 60), (17, 140), (19, 140), (23, 60), (25, 60), (30, 168)))
    assert watch(rule(), Street([owner], [Thing(44, 90, 10, 24)]), 45) == []


def test_a_thing_taken_away_after_the_alert_closes_it() -> None:
    events = watch(rule(), dumping(taken_s=34), 50)
    assert phases(events) == ["opened", "closed"]
    closed = events[1][1]
    assert closed.occurrence == events[0][1].occurrence
    assert closed.occurred_s == pytest.approx(35.0, abs=1.5)
    assert closed.attributes["ended"] == "taken"


def test_passers_by_do_not_stop_the_clock() -> None:
    others = tuple(
        Mover(10 + n, walk((15 + 3 * n, -8 if n % 2 else 168), (19 + 3 * n, 168 if n % 2 else -8), y=80 + 6 * (n % 3)))
        for n in range(6)
    )
    events = watch(rule(), dumping(others=others), 45)
    assert phases(events) == ["opened"]
    assert events[0][0] <= GONE_S + 16


def test_a_thing_that_nobody_brought_is_not_reported() -> None:
    assert watch(rule(), Street([], [Thing(44, 90, 10)]), 45) == []


def test_a_scrap_is_not_reported() -> None:
    street = dumping()
    street.movers[0].size = (30, 88)
    street.things = [Thing(36, 90, 10, size=(9, 9))]  # 1 % of his squared height
    assert watch(rule(), street, 45) == []


def test_what_was_removed_is_no_thing() -> None:
    taker = Mover(1, walk((5, 168), (10, 60), (14, 60), (19, 168)))
    assert watch(rule(), Street([taker], [Thing(44, 90, -1, 11)]), 45) == []


def test_a_bin_that_is_only_moved_is_no_thing() -> None:
    mover = Mover(1, walk((5, 168), (10, 60), (11, 60), (13, 100), (15, 100), (19, 168)))
    bin_before, bin_after = Thing(44, 90, -1, 10.5), Thing(84, 90, 13)
    assert watch(rule(), Street([mover], [bin_before, bin_after]), 45) == []
    bin_after.colour = (220, 60, 40)
    assert phases(watch(rule(), Street([mover], [bin_before, bin_after]), 45)) == ["opened"]


def test_a_bag_that_is_called_a_person_is_still_a_bag() -> None:
    street = dumping(others=tuple(Mover(20 + n, walk((4 * n, -8), (4 * n + 4, 168), y=88)) for n in range(12)))
    called = {"carried": Mover(9, walk((5, 152), (10, 44), (60, 44)), size=(14, 12))}
    street.movers.append(called["carried"])
    events = watch(rule(), street, 45)
    assert phases(events) == ["opened"]


def test_an_owner_whom_the_detector_hardly_sees_is_known_by_his_figure() -> None:
    street = dumping()
    street.movers[0].believed = False
    street.movers[0].seen = lambda now_s: 9 <= now_s < 12
    events = watch(rule(), street, 45)
    assert [(event.phase, event.attributes["how"]) for _, event in events] == [("opened", "left_by_person")]
    assert events[0][0] >= 14 + 10


def test_what_stands_there_when_a_recording_begins_again_was_brought_by_nobody() -> None:
    before = Mover(1, walk((4, 168), (9.9, 120)))
    after = Mover(2, walk((10, 60), (13, 60), (18, 168)))
    assert watch(rule(), Street([before, after], [Thing(44, 90, 10)]), 45) == []
    beside = Mover(2, walk((8, 110), (10, 60), (13, 60), (18, 168)))
    caption = [Thing(44, 90, 10.2), Thing(130, 30, 10.2), Thing(110, 30, 10.2)]
    assert watch(rule(), Street([before, beside], caption), 45) == []
    came = Mover(2, walk((8, 110), (10, 60), (13, 60), (18, 168)))
    assert phases(watch(rule(), Street([before, came], [Thing(44, 90, 10)]), 45)) == ["opened"]


def test_a_person_who_stands_still_is_no_thing() -> None:
    stander = Mover(1, walk((5, 168), (10, 60), (60, 60)), seen=lambda now_s: int(now_s * FPS) % 3 == 0 and now_s < 30)
    assert watch(rule(), Street([stander]), 55) == []


def test_a_light_ramp_is_no_thing() -> None:
    street = dumping(taken_s=0)
    street.light = lambda now_s: float(np.interp(now_s, [8, 13, 25, 27], [1.0, 0.6, 0.6, 1.2]))
    assert watch(rule(), street, 45) == []


def test_a_bag_is_found_under_changing_light() -> None:
    street = dumping()
    street.light = lambda now_s: float(np.interp(now_s, [6, 12, 20, 26], [1.0, 0.65, 0.65, 1.15]))
    assert phases(watch(rule(), street, 45)) == ["opened"]


def test_a_cloud_is_no_thing() -> None:
    x = np.arange(WIDTH, dtype=np.float32)[None, :] + np.zeros((HEIGHT, 1), np.float32)

    def cloud(now_s: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        edge = min((now_s - 8.0) * 30.0, 90.0)  # comes in from the left and stays over half of the picture
        return np.asarray(1.0 - 0.45 / (1.0 + np.exp((x - edge) / 5.0)), np.float32)

    street = dumping(taken_s=0)
    street.light = cloud
    assert watch(rule(), street, 45) == []


def test_an_owner_whose_head_the_upper_border_cuts_off_is_still_there() -> None:
    owner = Mover(1, walk((5, 168), (10, 60), (26, 60), (31, 168), y=40), seen=lambda now_s: now_s < 16)
    events = watch(rule(), Street([owner], [Thing(44, 40, 10)]), 45)
    assert phases(events) == ["opened"]
    assert events[0][0] >= 26 + 10


def test_a_load_is_reported_while_the_vehicle_stays() -> None:
    truck = Mover(1, walk((3, -50), (8, 50), (60, 50)), (64, 40), "truck", (150, 120, 60))
    street = Street([truck], [Thing(100, 92, 12, size=(28, 18))])
    events = watch(rule(), street, 35)
    assert phases(events) == ["opened"]
    at_s, event = events[0]
    assert at_s == pytest.approx(18.0, abs=1.5)
    assert event.attributes["how"] == "tipped_from_vehicle"
    assert event.attributes["settled_s"] == pytest.approx(6.0, abs=0.3)
    assert [(one.role, one.label) for one in event.objects] == [("thing", "unknown"), ("vehicle", "truck")]


def test_a_load_that_lies_against_the_shadow_of_its_vehicle_is_told_from_it() -> None:
    truck = Mover(1, walk((3, -50), (8, 50), (60, 50)), (64, 40), "truck", (150, 120, 60))
    shadow = Thing(62, 97, 8, size=(56, 7), colour=(55, 55, 55))
    load = [Thing(97, 92, 11.0 + 0.4 * n, size=(14, 4 * n + 2)) for n in range(4)]
    events = watch(rule(), Street([truck], [shadow, *load]), 35)
    assert phases(events) == ["opened"]
    assert 18.0 <= events[0][0] <= 21.0
    assert events[0][1].objects[0].box[0] >= 86 / WIDTH


def test_a_load_beside_a_vehicle_that_is_first_detected_then_is_no_part_of_it() -> None:
    truck = Mover(
        1, walk((3, -50), (8, 50), (60, 50)), (64, 40), "truck", (30, 40, 200), seen=lambda now_s: now_s >= 14
    )
    events = watch(rule(), Street([truck], [Thing(100, 92, 14, size=(28, 18))]), 35)
    assert phases(events) == ["opened"]
    assert 20.0 <= events[0][0] <= 22.0


def test_a_parked_car_and_its_driver_leave_nothing() -> None:
    car = Mover(1, walk((3, -50), (8, 50), (60, 50)), (64, 36), "car", (60, 60, 170), seen=lambda now_s: now_s < 20)
    driver = Mover(2, walk((10, 80), (12, 84), (18, 168), y=95))
    assert watch(rule(), Street([car, driver]), 50) == []


def test_things_left_in_one_go_are_one_dumping() -> None:
    street = dumping()
    street.things.append(Thing(26, 92, 12, colour=(200, 60, 40)))
    street.things.append(Thing(76, 92, 13, colour=(210, 210, 210)))
    assert phases(watch(rule(), street, 45)) == ["opened"]


def test_the_same_thing_after_a_discontinuity_joins_the_first_alert() -> None:
    dumper = rule()
    first = watch(dumper, dumping(), 40)
    again = watch(dumper, dumping(), 45, from_s=40.2)
    assert phases(first) == ["opened"]
    assert phases(again) == ["updated"]
    assert again[0][1].occurrence == first[0][1].occurrence
    assert again[0][1].attributes["change"] == "seen_again"
    assert again[0][1].began_s == first[0][1].began_s


def test_the_same_thing_after_a_restart_joins_the_first_alert() -> None:
    before = rule()
    opened = watch(before, dumping(), 40)[0][1]
    state = json.loads(json.dumps(before.snapshot()))
    after = rule()
    after.restore(state, 0.0)
    again = watch(after, dumping(), 45)
    assert phases(again) == ["updated"]
    assert again[0][1].occurrence == opened.occurrence
    assert again[0][1].began_s == pytest.approx((opened.began_s or 0) - 39.8, abs=0.1)


def test_another_place_after_a_restart_is_another_alert() -> None:
    before = rule()
    watch(before, dumping(), 40)
    after = rule()
    after.restore(before.snapshot(), 0.0)
    owner = Mover(1, walk((5, 168), (10, 120), (14, 120), (17, 168), y=50))
    events = watch(after, Street([owner], [Thing(104, 50, 10)]), 40)
    assert [(event.phase, event.occurrence) for _, event in events] == [("opened", 2)]


def test_a_state_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot of illegal_dumping"):
        rule().restore({"open": [{"number": 1}]}, 0.0)


SQUARE = [(0.2, 0.5), (0.4, 0.5), (0.4, 0.9), (0.2, 0.9)]
ELSEWHERE = [(0.6, 0.1), (0.9, 0.1), (0.9, 0.4)]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (Zone(name="bin", kind="fixture", points=SQUARE), []),
        (Zone(name="gate", points=ELSEWHERE), []),
        (Zone(name="gate", points=ELSEWHERE, rules=["intrusion"]), [None]),
        (Zone(name="corner", points=SQUARE), ["corner"]),
    ],
)
def test_zones_say_where_to_look(zone: Zone, expected: list[str | None]) -> None:
    events = watch(rule([zone]), dumping(), 32)
    assert [event.zone for _, event in events] == expected


def test_a_load_beside_a_vehicle_that_the_detector_does_not_know_is_reported() -> None:
    truck = Mover(1, walk((3, -50), (8, 50), (60, 50)), (64, 40), "truck", (30, 40, 200), seen=lambda _: False)
    load = Thing(100, 92, 14, size=(28, 18))
    events = watch(rule(), Street([truck], [load]), 35)
    assert [(event.phase, event.attributes["how"]) for _, event in events] == [("opened", "tipped_from_vehicle")]
    assert 20.0 <= events[0][0] <= 22.0
    assert [(one.role, one.label) for one in events[0][1].objects] == [("thing", "unknown"), ("vehicle", "unknown")]
    assert watch(rule(), Street([truck]), 60) == []


@pytest.mark.parametrize(
    ("person", "stands"),
    [((0.2, 0.3, 0.35, 0.8), True), ((0.2, 0.34, 0.35, 0.48), False), ((0.6, 0.3, 0.75, 0.8), False)],
)
def test_part_of_somebody_who_stands_there_is_no_thing(
    person: tuple[float, float, float, float], *, stands: bool
) -> None:
    everybody = Actors((HEIGHT, WIDTH))
    for n in range(20):
        seen = Track(1, "person", 0.35, person, 0.0, n / FPS, moved=False)
        everybody.update([seen], n / FPS, detected=True)
    head = Region(1, np.zeros((HEIGHT, WIDTH), np.bool_), 0.0, 0.0, 160, box=(36.0, 42.0, 52.0, 54.0), area_px=160)
    assert bringers.is_somebody(head, everybody) is stands
