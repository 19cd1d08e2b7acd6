"""A pixelated copy covers who is found, also in the pictures in which the detector missed him."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge.mask import Masks
from edge.recording import Recordings, decode
from edge.recording.pixelate import Redactor
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from tests.edge.recording import packets
from tests.edge.recording.test_recordings import at, new_files
from vision import redact
from vision.detect import Detection
from vision.redact import Cover
from vision.track import Track

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.geometry import Box

WIDTH_PX, HEIGHT_PX = 320, 240


def box_of(index: int) -> Box:
    """A person who walks across the picture."""
    x = 0.1 + 0.006 * index
    return x, 0.3, x + 0.1, 0.7


def walker(index: int) -> NDArray[np.uint8]:
    image = np.full((HEIGHT_PX, WIDTH_PX, 3), (40, 120, 40), np.uint8)
    x1, y1, x2, y2 = box_of(index)
    left, top, right, bottom = (round(edge * size) for edge, size in zip((x1, y1, x2, y2), (320, 240) * 2, strict=True))
    stripes = np.zeros((bottom - top, right - left, 3), np.uint8)
    stripes[::4] = stripes[1::4] = 255
    image[top:bottom, left:right] = stripes
    return image


class StripesDetector:
    """Finds the walker by his stripes, but misses him on every third look and for a whole second."""

    name = "stripes"
    sha256 = "0" * 64

    def __init__(self) -> None:
        self._looks = 0

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self._looks += 1
        rows, columns = np.nonzero(cv2.inRange(image, (200, 200, 200), (255, 255, 255)))
        if len(rows) == 0 or self._looks % 3 == 0 or 20 <= self._looks < 25:
            return []
        box = (columns.min() / WIDTH_PX, rows.min() / HEIGHT_PX, columns.max() / WIDTH_PX, rows.max() / HEIGHT_PX)
        return [Detection("person", 0.5, box)]


def seen_stripes(image: NDArray[np.uint8]) -> float:
    """How much the rows of the picture differ from their neighbours at most: stripes 140, plain squares hardly."""
    steps = np.abs(np.diff(image.astype(float).mean(axis=2), axis=0))
    return float(np.sort(steps.ravel())[-400:].mean())


def test_a_walker_is_covered_in_every_picture(tmp_path: Path) -> None:
    video = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10, picture=walker)
    recordings = Recordings(
        tmp_path / "recordings", packets.settings(), HandClock(), lambda: Redactor(StripesDetector())
    )
    packets.feed(recordings.recorder(packets.CAMERA), video)
    recordings.write()
    told: list[float] = []
    copied = recordings.copy_pixelated(
        "placa", at(1), at(9), new_files(tmp_path), part_bytes=packets.MIB, progress=told.append
    )
    assert told == sorted(told)
    assert (len(told) > 40, told[0] < 0.1, told[-1] > 0.95) == (True, True, True)
    facts, copy = packets.of(copied[0].path)
    decoder = decode.Decoder(facts)
    images = [Masks([]).painted(one.picture) for packet in copy for one in decoder.take(packet, START)]
    images += [Masks([]).painted(one.picture) for one in decoder.rest()]
    assert len(copied) == 1
    assert (copied[0].captured_from, copied[0].captured_to) == (at(1), at(9))
    assert len(images) == 81
    assert seen_stripes(walker(30)) > 100
    assert max(seen_stripes(image) for image in images) < 20
    background = images[40][:, :20]
    assert np.abs(background.astype(int) - (40, 120, 40)).max() < 12


def track(box: Box, at_s: float) -> Track:
    return Track(1, "person", 0.9, box, 0.0, at_s, moved=True)


def test_finds_are_held_and_tracks_filled_in() -> None:
    cover, one, other = Cover(), (0.1, 0.1, 0.2, 0.3), (0.5, 0.1, 0.6, 0.3)
    cover.saw(0.0, [Detection("person", 0.2, one)], [track(one, 0.0)])
    cover.saw(3.0, [Detection("person", 0.2, other)], [track(other, 3.0)])
    cover.saw(20.0, [Detection("person", 0.2, other), Detection("bench", 0.9, one)], [track(other, 20.0)])
    held = cover.boxes_at(0.9)
    between = cover.boxes_at(1.5)
    assert any(box[0] < 0.1 and box[2] > 0.2 for box in held)
    assert [box[0] < 0.1 and box[2] > 0.6 for box in between] == [True]
    assert cover.boxes_at(-1.1) == []
    assert cover.boxes_at(10.0) == []
    assert len(cover.boxes_at(19.5)) == 1


def test_squares_are_too_coarse_to_know_anybody_and_nothing_else_is_touched() -> None:
    image = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    before = image.copy()
    redact.pixelate(image, [(0.25, 0.25, 0.5, 0.75), (0.999, 0.999, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5)])
    covered = image[60:180, 80:160]
    colours = {tuple(pixel) for pixel in covered.reshape(-1, 3)}
    assert len(colours) <= 5 * 8
    assert (image[:, :80] == before[:, :80]).all()
    assert (image[:60] == before[:60]).all()


def test_a_span_without_anybody_is_copied_whole(tmp_path: Path) -> None:
    video = clips.write(tmp_path / "a.mp4", 20, fps=10, gop=10)
    recordings = Recordings(
        tmp_path / "recordings", packets.settings(), HandClock(), lambda: Redactor(StripesDetector())
    )
    packets.feed(recordings.recorder(packets.CAMERA), video)
    recordings.write()
    copied = recordings.copy_pixelated("placa", START, START + timedelta(seconds=2), new_files(tmp_path), part_bytes=1)
    assert [one.captured_from for one in copied] == [START]
    assert copied[0].captured_to == pytest.approx(at(1.9), abs=timedelta(seconds=0.01))
