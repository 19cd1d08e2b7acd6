"""The whole way over a drawn flight: found, placed, counted, resumed, cancelled."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.vision.footage.conftest import SIZE_M, Filmed
from vision.footage.analysis import CancelledError, VideoError, analyse
from vision.footage.progress import Kept
from vision.footage.result import FootageResult
from vision.footage.settings import Settings
from vision.georeference import cameras, globe

SETTINGS = Settings(span_s=6.0)


@pytest.fixture(scope="module")
def stages() -> dict[str, dict[str, Any]]:
    return {}


@pytest.fixture(scope="module")
def result(flight: Filmed, stages: dict[str, dict[str, Any]]) -> FootageResult:
    kept = Kept({}, stages.__setitem__)
    return analyse(flight.video, flight.samples, cameras.nominal, settings=SETTINGS, kept=kept)


def _apart_m(one: Any, thing: dict[str, Any]) -> float:
    return math.hypot(*globe.offset_m((one.lat, one.lon), (thing["lat"], thing["lon"])))


def test_most_things_are_found_and_stand_before_bushes_and_cars(flight: Filmed, result: FootageResult) -> None:
    near = [
        min((one.number for one in result.candidates if _apart_m(one, thing) <= 1.5 * one.ce90_m), default=999)
        for thing in flight.truth["waste"]
    ]
    assert sum(number <= 4 * len(near) for number in near) >= 0.6 * len(near)
    cars = [
        min((one.number for one in result.candidates if _apart_m(one, car) <= 3), default=999)
        for car in flight.truth["cars"]
    ]
    assert sorted(near)[len(near) // 2] < sorted(cars)[len(cars) // 2]


def test_places_lie_where_they_claim_to(flight: Filmed, result: FootageResult) -> None:
    best = [
        min(((_apart_m(one, thing), one.ce90_m) for one in result.candidates), default=(999.0, 0.0))
        for thing in flight.truth["waste"]
    ]
    assert sum(error <= 1.5 * ce90 for error, ce90 in best) >= 0.7 * len(best)  # one flight: one lasting error
    assert all(1.0 < one.ce90_m < 12.0 and one.depression_deg > 20 for one in result.candidates)


def test_candidates_are_ranked_seen_again_and_in_time(result: FootageResult) -> None:
    scores = [one.score for one in result.candidates]
    assert scores == sorted(scores, reverse=True)
    assert [one.number for one in result.candidates] == list(range(1, len(scores) + 1))
    assert max(one.looks for one in result.candidates) >= 3
    for one in result.candidates:
        assert one.first.time_s <= one.best.time_s <= one.last.time_s
        assert one.looks <= one.looks_possible
        assert 0 <= one.box[0] < one.box[2] <= 1
        assert 0 <= one.box[1] < one.box[3] <= 1
    assert result.candidates[0].best.time_utc is not None
    assert result.candidates[0].best.time_utc.startswith("2026-10-14T07:30")  # the town's zone was assumed


def test_ground_looked_at_is_covered(result: FootageResult) -> None:
    assert 0.6 * SIZE_M[0] * SIZE_M[1] < result.summary.covered_m2 < 2.0 * SIZE_M[0] * SIZE_M[1]
    ring = result.coverage[0][0]
    assert ring[0] == ring[-1]
    assert all(1.5 < lon < 1.6 and 41.1 < lat < 41.2 for lon, lat in ring)


def test_a_result_is_the_same_out_of_json(result: FootageResult) -> None:
    assert FootageResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    with pytest.raises(ValueError, match="schema"):
        FootageResult.from_json({"schema": "other"})


def test_geojson_has_candidates_coverage_and_the_summary(result: FootageResult) -> None:
    told = json.loads(json.dumps(result.to_geojson()))
    kinds = [feature["properties"]["feature"] for feature in told["features"]]
    assert kinds.count("candidate") == len(result.candidates)
    assert kinds.count("coverage") == len(result.coverage) > 0
    first = told["features"][0]
    assert first["geometry"]["coordinates"] == [result.candidates[0].lon, result.candidates[0].lat]
    wanted = {
        "ce90_m",
        "method",
        "depression_deg",
        "confidence",
        "score",
        "reasons",
        "best_time_s",
        "best_time_utc",
        "box",
    }
    assert wanted <= first["properties"].keys()
    assert told["summary"]["looks"] == result.summary.looks


def test_stages_that_are_done_need_no_video(
    flight: Filmed, result: FootageResult, stages: dict[str, dict[str, Any]]
) -> None:
    stored = json.loads(json.dumps(stages))
    again = analyse(
        Path("gone.mp4"), flight.samples, cameras.nominal, settings=SETTINGS, kept=Kept(stored, lambda *_: None)
    )
    assert again == result


def test_a_cancelled_analysis_goes_on_where_it_was(flight: Filmed, result: FootageResult) -> None:
    stored: dict[str, dict[str, Any]] = {}
    one_thread = replace(SETTINGS, threads=1)

    def until_one_span(stage: str, done: float, total: float) -> bool:
        return not (stage == "look" and 0 < done < total)

    with pytest.raises(CancelledError):
        analyse(
            flight.video,
            flight.samples,
            cameras.nominal,
            settings=one_thread,
            progress=until_one_span,
            kept=Kept({}, stored.__setitem__),
        )
    assert "plan" in stored
    assert len([key for key in stored if key.startswith("span-")]) == 1
    anew: list[str] = []
    again = analyse(
        flight.video,
        flight.samples,
        cameras.nominal,
        settings=one_thread,
        kept=Kept(stored, lambda key, _: anew.append(key)),
    )
    assert anew
    assert not set(anew) & set(stored)
    assert again.candidates == result.candidates


def test_a_video_that_is_gone_is_named(flight: Filmed, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"gone\.mp4: cannot be read"):
        analyse(tmp_path / "gone.mp4", flight.samples, cameras.nominal)
