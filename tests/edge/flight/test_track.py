"""The flight so far: jumps kept out, a camera without a gimbal aimed by the airframe, moments between samples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.flight.track import FlightTrack, LoggedTrack
from vision.georeference import globe
from vision.georeference.pose import RefusedError
from vision.telemetry.sample import Sample

HOME = (41.1, 1.24)


def sample(east_m: float = 0.0) -> Sample:
    lat, lon = globe.moved(HOME, east_m, 0.0)
    return Sample(row=1, lat=lat, lon=lon, rel_alt_m=60.0, gimbal_yaw_deg=0.0, gimbal_pitch_deg=-60.0)


def flown(track: FlightTrack, seconds: int, *, from_s: float = 0.0, speed_m_s: float = 5.0) -> FlightTrack:
    for n in range(seconds * 5):
        track.add(sample((from_s + n / 5) * speed_m_s), from_s + n / 5)
    return track


def test_a_moment_lies_between_its_samples_and_has_its_speed() -> None:
    track = flown(FlightTrack(), 10)
    pose, _ = track.pose_at(4.5)
    assert globe.offset_m(HOME, (pose.lat, pose.lon)) == pytest.approx((22.5, 0.0), abs=0.05)
    assert track.speed_m_s() == pytest.approx(5.0, abs=0.05)


def test_the_newest_sample_stands_for_a_picture_that_is_a_little_newer_and_tells_its_age() -> None:
    track = flown(FlightTrack(), 2)
    assert track.age_s(2.8) == pytest.approx(1.0)
    assert track.pose_at(2.8)[0].height_m == 60
    with pytest.raises(RefusedError):
        track.pose_at(9.0)
    with pytest.raises(RefusedError):
        FlightTrack().sample_at(0.0)


def test_a_jump_of_the_position_is_kept_out_until_it_lasts() -> None:
    track = flown(FlightTrack(), 4)
    said = [(track.add(sample(east_m), at_s) is None, track.jumps) for east_m, at_s in ((2000.0, 4.0), (21.0, 4.2))]
    assert said == [(True, True), (False, False)]
    kept = [track.add(sample(3000.0 + n), 4.4 + n / 5) for n in range(8)]
    assert kept[0] is None
    assert kept[-1] is not None
    newest = track.newest()
    assert newest is not None
    assert globe.offset_m(HOME, (newest.lat or 0, newest.lon or 0))[0] == pytest.approx(3007, abs=1)


def test_what_comes_late_or_twice_changes_nothing() -> None:
    track = flown(FlightTrack(), 2)
    assert track.add(sample(500.0), 1.0) is None
    assert track.pose_at(1.0)[0].lon == pytest.approx(sample(5.0).lon)


def test_a_camera_without_a_gimbal_looks_where_the_airframe_turns_it() -> None:
    mounted = FlightTrack(mount_deg=(0.0, -90.0))
    bare = replace(sample(), gimbal_yaw_deg=None, gimbal_pitch_deg=None, platform_yaw_deg=90.0, platform_pitch_deg=10.0)
    kept = mounted.add(bare, 0.0)
    assert kept is not None
    assert kept.gimbal_pitch_deg == pytest.approx(-80.0)
    assert kept.gimbal_yaw_deg == pytest.approx(90.0)
    unmounted = FlightTrack()
    unmounted.add(bare, 0.0)
    with pytest.raises(RefusedError, match="no gimbal angles"):
        unmounted.pose_at(0.0)
    assert unmounted.sample_at(0.0).lat == pytest.approx(HOME[0])


def test_a_log_is_played_by_the_pictures_time() -> None:
    samples = [sample(n * 3.0) for n in range(11)]
    for n, one in enumerate(samples):
        one.time_s = float(n)
    log = LoggedTrack(samples)
    played = log.play(4.5)
    assert played is not None
    assert globe.offset_m(HOME, (played.lat or 0, played.lon or 0))[0] == pytest.approx(13.5, abs=0.05)
    assert log.speed_m_s() == pytest.approx(3.0, abs=0.05)
    assert log.play(30.0) is None
