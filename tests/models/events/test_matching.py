"""An alert counts where its centre is on the thing and it is told in the label's window, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.events import matching, scores
from models.events.alerts import Alert, Heard
from models.events.truth import Clip, Label
from vision.rules.illegal_dumping import IllegalDumpingSettings

SETTINGS = IllegalDumpingSettings(unattended_s=10.0, settled_s=6.0)
ON, BESIDE = (100.0, 100.0), (147.0, 100.0)
BAG = {"t_placed_s": 5.0, "t_owner_walks_s": 8.0, "t_owner_gone_s": 12.0, "bbox": [80, 80, 140, 120]}
LOAD = {"actor": "vehicle", "t_placed_s": 5.0, "bbox_load": [80, 80, 140, 120], "bbox_rest": [200, 80, 240, 120]}


def clip(*labels: dict[str, Any]) -> Clip:
    made = [Label.model_validate(label) for label in labels]
    return Clip("a.avi", Path("a.avi"), (1000, 1000), 60.0, made, {})


def alert(at_s: float, centre_px: tuple[float, float] = ON, rule: str = "illegal_dumping") -> Alert:
    x, y = centre_px[0] / 1000, centre_px[1] / 1000
    return Alert(rule=rule, at_s=at_s, box=(x - 0.01, y - 0.01, x + 0.01, y + 0.01), confidence=0.8)


@pytest.mark.parametrize(
    ("label", "from_s", "to_s"),
    [
        (BAG, 18.0, 27.0),
        (BAG | {"t_owner_gone_s": None}, 18.0, 75.0),
        (LOAD, 11.0, 15.0),
        ({"rule": "loitering", "t0": 20.0, "t1": 40.0}, 20.0, 40.0),
        ({"rule": "loitering", "t0": 20.0}, 20.0, 25.0),
    ],
)
def test_a_label_has_its_window_of_time(label: dict[str, Any], from_s: float, to_s: float) -> None:
    found = matching.window(Label.model_validate(label), SETTINGS, duration_s=60.0)
    assert (found.from_s, found.to_s) == pytest.approx((from_s - 0.2, to_s + 0.2))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (alert(18.0), None),
        (alert(27.1), None),
        (alert(17.0), "alert at 17.0 s: too early by 0.8 s"),
        (alert(29.0), "alert at 29.0 s: too late by 1.8 s"),
        (alert(20.0, (145.0, 100.0)), None),
        (alert(20.0, BESIDE), "alert at 20.0 s: box off by 1 px"),
        (alert(30.0, (160.0, 100.0)), "alert at 30.0 s: too late by 2.8 s, box off by 14 px"),
        (alert(20.0, rule="loitering"), "no alert at all"),
    ],
)
def test_a_near_miss_says_why_it_is_one(told: Alert, why: str | None) -> None:
    outcome = matching.match(clip(BAG), [told], SETTINGS)
    assert outcome.why.get(0) == why
    assert (len(outcome.matches), outcome.missed, outcome.false) == ((1, [], []) if why is None else (0, [0], [0]))


def test_any_of_a_labels_boxes_counts() -> None:
    outcome = matching.match(clip(LOAD), [alert(12.0, (220.0, 100.0))], SETTINGS)
    assert outcome.matches == [matching.Match(label=0, alert=0)]


def test_a_second_alert_for_the_same_thing_is_false() -> None:
    outcome = matching.match(clip(BAG), [alert(19.0), alert(21.0)], SETTINGS)
    assert (outcome.matches, outcome.false) == ([matching.Match(0, 0)], [1])


def test_as_many_labels_are_found_as_can_be() -> None:
    """The first alert fits both labels, the second only the first label."""
    wide, narrow = BAG | {"bbox": [0, 0, 300, 300]}, BAG | {"bbox": [80, 80, 120, 120]}
    outcome = matching.match(clip(wide, narrow), [alert(19.0), alert(20.0, (250.0, 250.0))], SETTINGS)
    assert outcome.matches == [matching.Match(0, 1), matching.Match(1, 0)]


def test_a_thing_labelled_too_small_is_neither_missed_nor_false() -> None:
    small = BAG | {"too_small": True}
    assert matching.match(clip(small), [], SETTINGS).missed == []
    outcome = matching.match(clip(small), [alert(20.0), alert(20.0, (500.0, 500.0))], SETTINGS)
    assert (outcome.matches, outcome.unscored, outcome.false) == ([], [0], [1])


def test_counts_over_clips_come_out_whole() -> None:
    judged = [
        scores.judge(clip(BAG), Heard([alert(19.0), alert(40.0)]), SETTINGS),
        scores.judge(clip(BAG, LOAD), Heard([alert(21.0)]), SETTINGS),
        scores.judge(clip(), Heard([alert(1.0)]), SETTINGS),
    ]
    assert scores.score("illegal_dumping", judged).fields() == {
        "labelled": 3,
        "found": 2,
        "missed": 1,
        "false": 2,
        "hours": 0.05,
        "precision": 0.5,
        "recall": 0.6667,
        "time_to_alert_s": {"p50": 15.0, "p90": 15.8},
    }
    told = scores.clip_fields(judged[1], SETTINGS)
    assert [event["verdict"] for event in told["events"]] == ["found", "missed"]
    assert (told["events"][0]["matched"], told["opened"][0]["bbox"]) == (0, [90.0, 90.0, 110.0, 110.0])


def test_shares_of_nothing_are_no_number() -> None:
    fields = scores.score("illegal_dumping", [scores.judge(clip(), Heard([]), SETTINGS)]).fields()
    assert (fields["precision"], fields["recall"], fields["time_to_alert_s"]) == (
        None,
        None,
        {"p50": None, "p90": None},
    )


def test_intervals_are_those_of_the_books() -> None:
    assert scores.wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    assert scores.wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert scores.wilson(0, 0) is None
    assert scores.rate_bound(0, 2.0) == pytest.approx(2.9957 / 2, abs=1e-3)
    assert scores.rate_bound(3, 1.0) == pytest.approx(7.754, abs=1e-3)
    assert scores.rate_bound(0, 0.0) is None
