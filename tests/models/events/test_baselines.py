"""The two plain ways do what their names say, on drawn clips."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.events import baselines, truth
from models.events.alerts import Heard
from vision.detect import Detection
from vision.geometry import Box

WIDTH_PX, HEIGHT_PX, FPS = 320, 240, 5
STAYS_S = 3.0
THING: Box = (0.4, 0.5, 0.5, 0.6)
AWAY, BESIDE = (0.9, 0.0, 1.0, 0.2), (0.45, 0.3, 0.55, 0.6)


def drawn(folder: Path, *, seconds: float, shift_px: int) -> truth.Clip:
    """Draw noise on which a dark square appears after 5 s and then moves by `shift_px` a frame."""
    noise = np.random.default_rng(seed=1)
    writer = cv2.VideoWriter(str(folder / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH_PX, HEIGHT_PX))
    for number in range(round(seconds * FPS)):
        image = noise.integers(120, 136, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        moved = number - 5 * FPS
        if moved >= 0:
            image[120:150, 100 + moved * shift_px : 130 + moved * shift_px] = 20
        writer.write(image)
    writer.release()
    [clip] = truth.read_folder(folder)
    return clip


@pytest.mark.parametrize(("shift_px", "told"), [(0, 1), (10, 0)])
def test_a_blob_is_told_once_when_it_stays(tmp_path: Path, shift_px: int, told: int) -> None:
    clip = drawn(tmp_path, seconds=12, shift_px=shift_px)
    heard = baselines.BlobTimer(STAYS_S).hear(clip)
    assert (len(heard.alerts), heard.broken) == (told, None)
    for alert in heard.alerts:
        assert alert.at_s == pytest.approx(8.0, abs=0.4)
        assert clip.centre_px(alert.box or THING) == pytest.approx((115, 135), abs=3)


class Script:
    """A detector that says what it is told to, picture by picture."""

    name, sha256 = "script", "0" * 64

    def __init__(self, person: Box, label: str) -> None:
        self._person, self._label, self._pictures = person, label, 0

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        del image
        self._pictures += 1
        thing = [Detection(self._label, 0.5, THING)] if self._pictures > 5 * FPS else []
        return [Detection("person", 0.9, self._person), *thing]


@pytest.mark.parametrize(
    ("person", "label", "told"), [(AWAY, "suitcase", 1), (BESIDE, "suitcase", 0), (AWAY, "car", 0)]
)
def test_a_box_is_told_when_it_stays_and_nobody_is_beside_it(
    tmp_path: Path, person: Box, label: str, told: int
) -> None:
    clip = drawn(tmp_path, seconds=10, shift_px=0)
    heard: Heard = baselines.CocoBox(Script(person, label), STAYS_S, Lock()).hear(clip)
    assert [alert.box for alert in heard.alerts] == [THING] * told


def test_a_video_without_pictures_is_broken(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(b"no video")
    [clip] = truth.read_folder(tmp_path)
    assert baselines.BlobTimer(STAYS_S).hear(clip).broken == "no picture can be decoded"
