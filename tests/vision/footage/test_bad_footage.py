"""Footage and telemetry that do not fit or are broken: something useful or a clear word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.vision.footage.conftest import Filmed
from vision.footage import analysis, ground_picture, sampling, timing
from vision.footage.flown import Flown
from vision.footage.settings import Settings
from vision.footage.video import Facts, Footage, VideoError
from vision.georeference import cameras
from vision.georeference.camera import from_equivalent
from vision.georeference.ground import FlatGround
from vision.georeference.pose import Pose, RefusedError
from vision.telemetry.sample import Sample


def _plan(flight: Filmed, samples: list[Sample]) -> analysis.Plan:
    return analysis.plan(flight.video, samples, cameras.nominal)


def _reasons(plan: analysis.Plan) -> str:
    return "; ".join(one.reason for one in plan.skipped)


def test_without_gimbal_angles_nothing_is_placed_and_it_is_said(flight: Filmed) -> None:
    track_only = [replace(sample, gimbal_yaw_deg=None, gimbal_pitch_deg=None) for sample in flight.samples]
    result = analysis.analyse(flight.video, track_only, cameras.nominal)
    assert result.candidates == ()
    assert result.coverage == ()
    assert [one.reason for one in result.summary.skipped] == ["the telemetry has no gimbal angles here"]
    assert "nothing could be put on the ground" in result.summary.notes


def test_telemetry_that_ends_early_leaves_the_rest_and_says_so(flight: Filmed) -> None:
    half = flight.samples[: len(flight.samples) // 2]
    plan = _plan(flight, half)
    assert plan.looks
    assert plan.looks[-1].time_s < 0.6 * plan.facts.duration_s
    assert "outside the telemetry's" in _reasons(plan)
    assert any("both are taken to begin together" in note for note in plan.synchrony.notes)


def test_a_longer_log_is_laid_by_its_clock_where_the_video_has_one(flight: Filmed) -> None:
    began = flight.samples[0].time_utc
    assert began is not None
    early = [
        replace(sample, time_s=(sample.time_s or 0) + 60.0, time_utc=(sample.time_utc or began))
        for sample in flight.samples
    ]
    log = [replace(early[0], time_s=0.0, time_utc=began - timedelta(seconds=60)), *early]
    facts = _facts(flight, began)
    with Footage(flight.video) as footage:
        laid = timing.lay(footage, facts, log, Settings())
    assert laid.offset_s == pytest.approx(-60.0, abs=0.3)


def test_a_clock_wrong_by_a_year_is_said_and_not_used(flight: Filmed) -> None:
    began = flight.samples[0].time_utc
    assert began is not None
    longer = [*flight.samples, replace(flight.samples[-1], time_s=120.0)]
    with Footage(flight.video) as footage:
        laid = timing.lay(footage, _facts(flight, began - timedelta(days=365)), longer, Settings())
    assert abs(laid.offset_s) < 0.3
    assert any("365 days apart" in note for note in laid.notes)


def _facts(flight: Filmed, created: datetime) -> Facts:
    with Footage(flight.video) as footage:
        return replace(footage.facts(), created_at=created.astimezone(UTC))


def test_a_position_that_jumps_is_left_out(flight: Filmed) -> None:
    jumping = [
        replace(sample, lat=(sample.lat or 0) + 0.02) if 40 <= number < 44 else sample
        for number, sample in enumerate(flight.samples)
    ]
    plan = _plan(flight, jumping)
    assert "position jumps" in _reasons(plan)
    assert len(plan.looks) > 5


def test_a_video_without_its_index_is_named(flight: Filmed, tmp_path: Path) -> None:
    whole = flight.video.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])  # the index stands at the end
    with pytest.raises(VideoError, match=r"index \(moov\) is missing"):
        Footage(cut)


@pytest.mark.parametrize(("content", "word"), [(b"", "the file is empty"), (b"no video at all" * 9, "is no video")])
def test_what_is_no_video_is_named(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError, match=word):
        Footage(path)


def test_damage_in_the_middle_costs_its_own_pictures_only(flight: Filmed, tmp_path: Path) -> None:
    damaged = bytearray(flight.video.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 60_000] = bytes(60_000)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(damaged)
    with Footage(path) as footage:
        times = [
            picture.time_s for key in footage.facts().key_times_s if (picture := footage.key_picture(key)) is not None
        ]
    assert len(times) >= 20  # of 30


def test_a_portrait_video_is_shown_upright(tmp_path: Path) -> None:
    path = tmp_path / "portrait.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 128, 192, "yuv420p"
        for number in range(5):
            image = np.zeros((192, 128, 3), np.uint8)
            image[:96] = 200
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with Footage(path) as footage:
        facts = footage.facts()
        picture = footage.picture(0.5)
    assert (facts.width_px, facts.height_px) == (128, 192)
    assert picture is not None
    assert picture.bgr()[:90].mean() > 150 > picture.bgr()[100:].mean()
    result = analysis.analyse(path, [], cameras.nominal)  # a telephone has no telemetry
    assert result.candidates == ()
    assert result.summary.skipped[0].reason == "the telemetry has no sample with a time and a position"


def test_a_hovering_drone_is_looked_at_seldom_and_a_flying_one_by_ground(flight: Filmed) -> None:
    first = flight.samples[0]
    hovering = [replace(first, time_s=float(second)) for second in range(61)]
    moving = [
        replace(first, time_s=float(second), lat=(first.lat or 0) + second * 1e-4) for second in range(61)
    ]  # 11 m a second
    settings = Settings()
    counts = []
    for samples in (hovering, moving):
        flown = Flown(samples, cameras.nominal, (1920, 1080))
        looks, skipped = sampling.choose(flown, 60.0, (), settings)
        assert skipped == []
        counts.append(len(looks))
    assert counts[0] == 60 / settings.step_s_max + 1
    assert counts[1] > 2 * counts[0]


def test_pictures_that_decode_alone_are_taken_where_there_are_some(flight: Filmed) -> None:
    plan = _plan(flight, flight.samples)
    with Footage(flight.video) as footage:
        keys = footage.facts().key_times_s
    assert len(keys) > 10
    assert sum(look.alone for look in plan.looks) > 0.6 * len(plan.looks)
    assert all(look.time_s in keys for look in plan.looks if look.alone)


def test_telemetry_that_lags_is_moved_by_what_the_picture_shows(flight: Filmed) -> None:
    late = [replace(sample, time_s=(sample.time_s or 0) + 1.4) for sample in flight.samples]
    plan = _plan(flight, late)
    assert plan.synchrony.how == "motion"
    assert plan.synchrony.offset_s == pytest.approx(-1.4, abs=0.3)
    assert plan.synchrony.quality is not None
    assert plan.synchrony.quality >= 0.5


@pytest.mark.parametrize(("width_px", "seen"), [(1920, True), (960, True), (320, False)])
def test_a_small_picture_from_high_up_is_looked_at_unless_nothing_could_be_made_out(width_px: int, seen: bool) -> None:  # noqa: FBT001 - a case's outcome
    camera = from_equivalent(24.0, (width_px, width_px * 9 // 16))
    pose = Pose(41.18, 1.53, 120.0, 0.0, -80.0, 0.0)
    if not seen:
        with pytest.raises(RefusedError, match=r"finer than 0\.3 m"):
            ground_picture.frame_of(camera, pose, FlatGround(), Settings())
        return
    frame = ground_picture.frame_of(camera, pose, FlatGround(), Settings())
    assert frame.width_px * frame.cell_m > 150
    assert frame.cell_m == pytest.approx(180 / width_px, rel=0.15)
