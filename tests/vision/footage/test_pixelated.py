"""Nobody and no home can be recognised in any picture of a small copy, though the detector sees only some of them."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.detect import Detection
from vision.footage import homes, pixelated
from vision.footage.homes import Homes
from vision.footage.video import Footage
from vision.georeference import globe
from vision.georeference.camera import from_equivalent
from vision.georeference.place import View
from vision.georeference.pose import Pose

WIDTH, HEIGHT, FPS, SECONDS = 480, 270, 20, 5
PLACE = (41.1, 1.2)
HEIGHT_M = 40.0
CAMERA = from_equivalent(24.0, (WIDTH, HEIGHT))
PX_A_METRE = CAMERA.fx_px / HEIGHT_M
SPEED_M_S = 6.0
GREEN = (40, 200, 40)


class Finder:
    """Finds what is green, as a person."""

    name, sha256 = "green", "0" * 64

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self.looks += 1
        rows, columns = np.nonzero(green(image))
        if len(rows) < 30:
            return []
        height, width = image.shape[:2]
        box = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
        return [Detection("person", 0.5, box)]


def green(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    blue, of_green, red = (image[..., channel].astype(int) for channel in range(3))
    return np.asarray((of_green - np.maximum(blue, red)) > 70)


def ground() -> NDArray[np.uint8]:
    rough = np.random.default_rng(3).integers(0, 255, (700, 1800, 3)).astype(np.float32)
    even = cv2.GaussianBlur(rough, (0, 0), 2.0)
    grey = cv2.normalize(even.mean(axis=2), None, 20, 220, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    return np.asarray(cv2.merge([grey, grey, grey]), np.uint8)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drone flies to the east at 6 m/s; a green square walks to the north."""
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    earth = ground()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "20", "crf": "12", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(SECONDS * FPS):
            at_s = number / FPS
            left = round(at_s * SPEED_M_S * PX_A_METRE)
            image = earth[150 : 150 + HEIGHT, left : left + WIDTH].copy()
            x, y = round(440 - left), round(230 - 1.4 * PX_A_METRE * at_s)
            if x >= 0:
                image[max(0, y) : y + 22, x : x + 16] = GREEN
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def copied(
    film: Path, town: Homes | None, *, is_known: bool = True
) -> tuple[list[float], list[NDArray[np.uint8]], Finder]:
    finder = Finder()

    def view_at(time_s: float) -> View | None:
        lat, lon = globe.moved(PLACE, SPEED_M_S * time_s, 0.0)
        return View(CAMERA, Pose(lat, lon, HEIGHT_M, 0.0, -90.0, 0.0)) if is_known else None

    with Footage(film) as footage:
        found = list(pixelated.Pixelated(footage, finder, view_at, town).pictures())
    return [time_s for time_s, _ in found], [image for _, image in found], finder


def roughness(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(np.abs(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.CV_64F)))


def test_somebody_is_covered_in_each_picture_though_few_are_looked_at(film: Path) -> None:
    times, images, finder = copied(film, Homes([]))
    assert times == sorted(times)
    assert np.diff(times) == pytest.approx(1 / pixelated.FPS, abs=0.011)
    assert times[-1] == pytest.approx(SECONDS - 0.1, abs=0.11)
    assert finder.looks <= 2 * SECONDS + 2
    for image in images:
        rows, columns = np.nonzero(green(image))
        if len(rows):  # the mean of the square and the ground about it, in squares of 12 px: no shape is left
            assert (
                roughness(image)[rows.min() : rows.max(), columns.min() : columns.max()].size == 0 or len(rows) < 1200
            )
    with Footage(film) as footage:
        originals = {round(one.time_s, 2): one.bgr() for one in footage.pictures(0.0)}
    sharp = [
        float(np.abs(image.astype(int) - originals[round(time_s, 2)])[green(originals[round(time_s, 2)])].mean())
        for time_s, image in zip(times, images, strict=True)
        if green(originals[round(time_s, 2)]).sum() > 200
    ]
    assert len(sharp) > 20
    assert min(sharp) > 25  # each pixel of it has another colour
    assert np.mean([roughness(image).mean() for image in images]) > 0.9 * np.mean(
        [roughness(originals[round(time_s, 2)]).mean() for time_s in times]
    )


def test_a_home_is_covered_wherever_the_camera_carries_it(film: Path) -> None:
    corners = [(14.0, -4.0), (22.0, -4.0), (22.0, 4.0), (14.0, 4.0), (14.0, -4.0)]
    ring = [globe.moved(PLACE, *corner) for corner in corners]
    times, images, _ = copied(film, Homes([([ring], 0.1)]))
    _, plain, _ = copied(film, Homes([]))
    seen = 0
    for time_s, image, other in zip(times, images, plain, strict=True):
        west = WIDTH / 2 + (14.0 - SPEED_M_S * time_s) * PX_A_METRE
        left, right = max(0, round(west)), min(WIDTH, round(west + 8 * PX_A_METRE))
        if right - left < 12:
            continue
        seen += 1
        inside = slice(round(HEIGHT / 2 - 4 * PX_A_METRE), round(HEIGHT / 2 + 4 * PX_A_METRE)), slice(left, right)
        assert roughness(image)[inside].mean() < 0.45 * roughness(other)[inside].mean(), time_s
    assert seen > 20


def test_where_nothing_says_how_it_was_taken_all_is_covered(film: Path) -> None:
    town = Homes([([[globe.moved(PLACE, *corner) for corner in ((0, 0), (9, 0), (9, 9), (0, 0))]], 9.0)])
    _, plain, _ = copied(film, Homes([]))
    for asked, is_known in ((town, False), (None, True)):
        _, images, _ = copied(film, asked, is_known=is_known)
        assert roughness(images[5]).mean() < 0.45 * roughness(plain[5]).mean()
    assert homes.where((HEIGHT, WIDTH), None, Homes([])) is None


def test_the_same_moment_is_decoded_again_when_it_is_asked_for_again(film: Path) -> None:
    with Footage(film) as footage:
        times = [picture.time_s for picture in (footage.picture(at) for at in (0.0, 0.0, 1.0, 1.0, 0.5)) if picture]
    assert times == pytest.approx([0.0, 0.0, 1.0, 1.0, 0.5])
