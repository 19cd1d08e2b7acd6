"""A camera that flies: how its picture moved, whose tracks go on, and when it stands still."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from vision.camera_motion import CameraMotion, Similarity
from vision.detect import Detection
from vision.frame import Frame
from vision.georeference import globe
from vision.hover import SETTLED_S, Hover
from vision.telemetry.sample import Sample
from vision.track import Tracker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.geometry import Box

FROM_ABOVE = np.asarray(
    cv2.normalize(
        cv2.GaussianBlur(np.random.default_rng(7).integers(0, 255, (900, 1200, 3)).astype(np.float32), (0, 0), 2.5),
        None,  # type: ignore[call-overload] # as OpenCV has it
        0,
        255,
        cv2.NORM_MINMAX,
    ),
    np.uint8,
)
SIZE = (320, 180)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def seen(x: float, y: float, turn_deg: float, scale: float) -> NDArray[np.uint8]:
    """The ground at (x, y) in the middle of the picture."""
    matrix = cv2.getRotationMatrix2D((x, y), turn_deg, scale)
    matrix[:, 2] += np.array([SIZE[0] / 2 - x, SIZE[1] / 2 - y])
    return np.asarray(cv2.warpAffine(FROM_ABOVE, matrix, SIZE), np.uint8)


def frame(image: NDArray[np.uint8], n: int = 0) -> Frame:
    return Frame(image, n, n / 5, NOON)


def moved(*poses: tuple[float, float, float, float]) -> Similarity | None:
    watch = CameraMotion()
    return [watch.update(frame(seen(*pose), n)) for n, pose in enumerate(poses)][-1]


@pytest.mark.parametrize(
    ("after", "shift", "turn_deg", "scale"),
    [
        ((600.0, 450.0, 0.0, 1.0), (0.0, 0.0), 0.0, 1.0),
        ((616.0, 440.0, 0.0, 1.0), (-16 / 320, 10 / 180), 0.0, 1.0),
        ((600.0, 450.0, 4.0, 1.0), (0.0, 0.0), -4.0, 1.0),
        ((600.0, 450.0, 0.0, 1.06), (0.0, 0.0), 0.0, 1.06),
    ],
)
def test_the_movement_of_a_picture_is_measured(
    after: tuple[float, float, float, float], shift: tuple[float, float], turn_deg: float, scale: float
) -> None:
    found = moved((600.0, 450.0, 0.0, 1.0), after)
    assert found is not None
    x, y = found.point((0.5, 0.5))
    assert (x - 0.5, y - 0.5) == pytest.approx(shift, abs=0.002)
    assert found.turn_deg == pytest.approx(turn_deg, abs=0.15)
    assert found.scale == pytest.approx(scale, abs=0.005)


def test_a_grey_wall_and_another_scene_say_nothing() -> None:
    watch = CameraMotion()
    wall = np.full((180, 320, 3), 120, np.uint8)
    assert [watch.update(frame(wall, 0)), watch.update(frame(wall, 1))] == [None, None]
    assert moved((300.0, 300.0, 0.0, 1.0), (900.0, 600.0, 60.0, 1.5)) is None


def test_one_bright_thing_does_not_outshine_the_ground() -> None:
    watch = CameraMotion()
    pictures = [seen(600.0, 450.0, 0.0, 1.0) // 3, seen(608.0, 450.0, 0.0, 1.0) // 3]
    for n, image in enumerate(pictures):
        image[60:110, 100 + 9 * n : 140 + 9 * n] = 255
    found = [watch.update(frame(image, n)) for n, image in enumerate(pictures)][-1]
    assert found is not None
    assert found.point((0.5, 0.5))[0] - 0.5 == pytest.approx(-8 / 320, abs=0.002)


def test_movements_join_and_undo_each_other() -> None:
    one = Similarity(0.98, 0.1, 0.02, -0.01, 16 / 9)
    other = Similarity(1.01, -0.03, -0.05, 0.02, 16 / 9)
    point = (0.3, 0.8)
    assert one.then(other).point(point) == pytest.approx(other.point(one.point(point)))
    assert one.back().point(one.point(point)) == pytest.approx(point)
    assert Similarity(1.0, 0.0, 0.03, 0.0, 2.0).shift == pytest.approx(0.03)


def test_a_parked_car_under_a_flying_camera_stays_one_track_and_never_moved() -> None:
    step = Similarity(math.cos(0.02), math.sin(0.02), -0.05, 0.01, 16 / 9)
    at: Box = (0.80, 0.30, 0.86, 0.36)
    followed, left_alone = Tracker(), Tracker()
    ids: list[set[int]] = [set(), set()]
    for n in range(12):
        found = [Detection("car", 0.8, at)]
        if n:
            followed.camera_moved(step)
        ids[0] |= {one.track_id for one in followed.update(found, n / 5)}
        ids[1] |= {one.track_id for one in left_alone.update(found, n / 5)}
        at = step.box(at)
    assert len(ids[0]) == 1
    assert len(ids[1]) != 1
    assert not followed.tracks()[0].moved


def test_a_car_that_drives_under_a_flying_camera_moved() -> None:
    step = Similarity(1.0, 0.0, -0.03, 0.0, 16 / 9)
    tracker, x = Tracker(), 0.5
    for n in range(12):
        if n:
            tracker.camera_moved(step)
        tracker.update([Detection("car", 0.8, (x, 0.4, x + 0.06, 0.46))], n / 5)
    assert [one.moved for one in tracker.tracks()] == [True]


def sample(east_m: float = 0.0, yaw_deg: float = 0.0) -> Sample:
    lat, lon = globe.moved((41.1, 1.2), east_m, 0.0)
    return Sample(row=0, lat=lat, lon=lon, rel_alt_m=60.0, gimbal_yaw_deg=yaw_deg, gimbal_pitch_deg=-60.0)


STILL = Similarity(aspect=16 / 9)


def flown(hover: Hover, from_s: float, until_s: float, *, speed_m_s: float = 0.0, picture_s: float = 0.0) -> list[str]:
    """Reasons, five a second."""
    said: list[str] = []
    for n in range(round(from_s * 5), round(until_s * 5)):
        movement = Similarity(1.0, 0.0, picture_s / 5, 0.0, 16 / 9)
        hover.look(n / 5, sample((n / 5 - from_s) * speed_m_s), movement)
        said.append(hover.reason)
    return said


def test_it_hovers_once_position_and_picture_have_been_still() -> None:
    hover = Hover()
    said = flown(hover, 0, 6)
    assert said.index("") == round(SETTLED_S * 5) + 1
    assert set(said[1 : said.index("")]) == {"it has just come to a stand"}
    assert set(said[said.index("") :]) == {""}


@pytest.mark.parametrize(
    ("how", "reason"),
    [({"speed_m_s": 4.0}, "it flies"), ({"picture_s": 0.3}, "its picture moves"), ({"speed_m_s": 0.6}, "it drifts")],
)
def test_whatever_moves_ends_it_and_is_named(how: dict[str, float], reason: str) -> None:
    hover = Hover()
    flown(hover, 0, 5)
    assert hover.hovers
    said = flown(hover, 5, 15, **how)
    assert said[-1] != ""
    assert reason in said


def test_slow_creep_of_the_picture_alone_ends_it_before_the_background_is_another() -> None:
    hover = Hover()
    flown(hover, 0, 5)
    assert "it drifts" in flown(hover, 5, 12, picture_s=0.01)


def test_without_a_position_or_a_picture_to_compare_it_never_hovers() -> None:
    hover = Hover()
    for n in range(30):
        assert not hover.look(n / 5, None, STILL)
    assert hover.reason == "its position is not known"
    for n in range(30, 60):
        assert not hover.look(n / 5, sample(), None)
    assert hover.reason == "its pictures cannot be compared"


def test_a_picture_that_cannot_be_compared_ends_it_only_when_more_follow() -> None:
    hover = Hover()
    flown(hover, 0, 5)
    said = [hover.look(5 + n / 5, sample(), None) for n in range(8)]
    assert said[:3] == [True, True, True]
    assert said[-1] is False


def test_a_turning_camera_is_no_hover() -> None:
    hover = Hover()
    for n in range(40):
        hover.look(n / 5, sample(yaw_deg=n * 2.0), STILL)
    assert hover.reason == "its camera turns"
