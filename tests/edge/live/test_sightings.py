"""What the detector sees goes beside the video: of the right picture, while it is wanted, nothing that is masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.live.lines import Lines
from edge.live.sightings import Sighting, Sightings
from edge.mask import Masks
from tests.edge import clips
from tests.edge.broker import wait_until
from tests.edge.clocks import START
from tests.edge.live.receiver import WhipRoom
from tests.edge.live.street import Desk, Street
from vision.detect import Detection
from vision.frame import Frame
from vision.rules.base import Scene
from vision.track import Track
from vision.zones import Zone
from wire.live import Detections

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.geometry import Box

FPS, GOP = 10, 10
TICKS = 90_000
WITHIN_S = 120.0
STREET = np.zeros((12, 16, 3), np.uint8)
WALKER_PX = 20


class Onlooker:
    def __init__(self) -> None:
        self.told: list[Sighting] = []

    def see(self, sighting: Sighting) -> None:
        self.told.append(sighting)

    @property
    def ids(self) -> list[list[int]]:
        return [[each.track_id for each in one.objects] for one in self.told]


def track(number: int, box: Box = (0.1, 0.1, 0.2, 0.4), *, seen_s: float = 0.0, moved: bool = True) -> Track:
    return Track(number, "person", 0.876, box, 0.0, seen_s, moved)


def scene(at_s: float, *tracks: Track, detected: bool = True) -> Scene:
    return Scene(Frame(STREET, 0, at_s, START), list(tracks), detected)


def watched(*zones: Zone) -> tuple[Sightings, Onlooker]:
    sightings, onlooker = Sightings(Masks(zones)), Onlooker()
    sightings.join(onlooker)
    return sightings, onlooker


def test_what_is_seen_is_told_and_once_that_there_is_nothing_any_more() -> None:
    sightings, onlooker = watched()
    sightings.saw(scene(0.0))
    sightings.saw(scene(0.2, track(1, seen_s=0.2)))
    sightings.saw(scene(0.4, track(1, seen_s=0.2), detected=False))
    sightings.saw(scene(0.6))
    sightings.saw(scene(0.8))
    assert onlooker.ids == [[1], [1], []]
    told = onlooker.told[0]
    assert (told.captured_at, told.media_time_s) == (START, 0.2)
    assert told.objects[0].model_dump() == {
        "label": "person",
        "confidence": 0.88,
        "track_id": 1,
        "box": (0.1, 0.1, 0.2, 0.4),
    }
    sightings.leave(onlooker)
    sightings.saw(scene(1.0, track(1, seen_s=1.0)))
    assert len(onlooker.told) == 3


def test_a_track_that_the_detector_has_lost_is_not_drawn_until_it_ends() -> None:
    sightings, onlooker = watched()
    for tenth in range(0, 20, 2):
        sightings.saw(scene(tenth / 10, track(1, seen_s=0.0), track(2, seen_s=tenth / 10)))
    assert onlooker.ids == [[1, 2]] * 6 + [[2]] * 4


def test_a_camera_that_falls_asleep_says_that_its_boxes_have_ended() -> None:
    sightings, onlooker = watched()
    sightings.saw(scene(0.0, track(1)))
    sightings.saw(scene(0.2, track(1), detected=False))
    sightings.saw(scene(4.0, track(1), detected=False))
    sightings.saw(scene(8.0, track(1), detected=False))
    sightings.saw(scene(12.0, track(1, seen_s=12.0)))
    assert onlooker.ids == [[1], [1], [], [1]]


def test_not_more_than_ten_lines_a_second_and_not_more_than_fifty_boxes_are_told() -> None:
    sightings, onlooker = watched()
    crowd = [track(number, moved=number >= 30) for number in range(80)]
    for picture in range(50):
        sightings.saw(scene(picture / 25, *crowd))
    assert 8 <= len([one for one in onlooker.told if one.media_time_s < 1.0]) <= 11
    assert onlooker.ids[0] == list(range(30, 80))


def test_what_lies_wholly_in_a_mask_is_not_told() -> None:
    window = Zone(name="window", kind="mask", points=[(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)])
    notch = Zone(name="notch", kind="mask", points=[(0.0, 0.6), (0.1, 0.6), (0.1, 0.9), (0.4, 0.9), (0.4, 1.0), (0, 1)])
    sightings, onlooker = watched(window, notch)
    inside, across, outside = (0.6, 0.2, 0.7, 0.4), (0.45, 0.2, 0.7, 0.4), (0.1, 0.1, 0.2, 0.2)
    hollow = (0.02, 0.62, 0.38, 0.98)  # all its corners but one are masked
    sightings.saw(scene(0.0, track(1, inside), track(2, across), track(3, outside), track(4, hollow)))
    assert onlooker.ids == [[2, 3, 4]]


class Lit:
    """A detector that sees what is lit."""

    name, sha256 = "lit", "0" * 64

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        lit = np.flatnonzero(image[20:].max(axis=(0, 2)) > 200)
        if not lit.size:
            return []
        return [Detection("person", 0.8, (lit[0] / clips.WIDTH_PX, 0.4, (lit[-1] + 1) / clips.WIDTH_PX, 0.8))]


def _walk(index: int) -> NDArray[np.uint8]:
    """Its number, and a walker who is as many pixels from the left."""
    image = clips.numbered(index)
    image[50:90, index : index + WALKER_PX] = 250
    return image


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.write(tmp_path_factory.mktemp("seen") / "walk.mp4", 120, fps=FPS, gop=GOP, picture=_walk)


@pytest.mark.usefixtures("patient_live")
def test_each_line_names_the_picture_in_which_it_was_seen(walk: Path) -> None:
    with (
        WhipRoom() as room,
        Desk(room) as desk,
        Street(desk.live, walk, detector=Lit()) as street,
    ):
        wait_until(lambda: street.outlet.facts is not None, "the camera", within_s=WITHIN_S)
        desk.start()
        wait_until(lambda: len(room.images) > 15, "pictures", within_s=WITHIN_S)
        (session,) = room.sessions
        wait_until(lambda: session.channel is not None, "the channel", within_s=WITHIN_S)
        assert session.lines == []
        room.want(session, wanted=True)
        wait_until(lambda: len(session.lines) >= 12, "lines", within_s=WITHIN_S)
        [telling] = street.sightings._onlookers
        assert isinstance(telling, Lines)
        room.want(session, wanted=False)
        wait_until(lambda: not street.sightings._onlookers, "that it has heard", within_s=WITHIN_S)
        had = len(room.images)
        wait_until(lambda: len(room.images) > had + 10, "pictures after the lines", within_s=WITHIN_S)
        lines = telling.sent
        wait_until(lambda: len(room.images) > had + 25, "more of them", within_s=WITHIN_S)
        assert telling.sent == lines >= len(session.lines)
    assert session.first_timestamp is not None
    shown = {stamp: clips.number_of(image) for stamp, image in zip(session.stamps, session.images, strict=True)}
    apart = [off for line in session.lines if (off := _off(line, shown, session.first_timestamp)) is not None]
    assert len(apart) >= 8
    assert max(apart) <= 2


def _off(content: str, shown: dict[int, int], first: int) -> float | None:
    """By how many pixels, one a picture, the box is beside the walker of the picture that the line names."""
    line = Detections.model_validate_json(content, strict=True)
    stamp = line.rtp_timestamp - first & 0xFFFFFFFF
    nearest = min(shown, key=lambda each: abs(each - stamp))
    if not line.objects or abs(nearest - stamp) > TICKS / FPS / 2:
        return None
    return abs(line.objects[0].box[0] * clips.WIDTH_PX - shown[nearest])


@pytest.mark.parametrize(
    "changes",
    [
        {"objects": [{"label": "person", "confidence": 0.5, "track_id": 1, "box": [0.5, 0, 0.4, 1]}]},
        {"objects": [{"label": "person", "confidence": 0.5, "track_id": 1, "box": [0, 0, 1.1, 1]}]},
        {"objects": [{"label": "person", "confidence": 0.5, "track_id": 1, "box": [0, 0, 1, 1], "name": "Joan"}]},
        {"objects": [{"label": "x", "confidence": 1, "track_id": 1, "box": [0, 0, 1, 1]}] * 51},
        {"rtp_timestamp": 2**32},
        {"rtp_timestamp": "7"},
        {"captured_at": "2026-11-22T10:00:00"},
        {"crop": "..."},
    ],
)
def test_a_line_that_says_more_or_other_than_it_may_is_none(changes: dict[str, Any]) -> None:
    sound = {"captured_at": "2026-11-22T10:00:00Z", "rtp_timestamp": 7, "objects": []}
    assert Detections.model_validate_json(json.dumps(sound), strict=True).rtp_timestamp == 7
    with pytest.raises(ValueError, match="validation error"):
        Detections.model_validate_json(json.dumps({**sound, **changes}), strict=True)
