"""What is tampering with a camera and what is light, on a drawn street with noise, at 5 fps and at a frame in 10 s."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from vision.frame import Frame
from vision.rules.base import Scene
from vision.rules.camera_tamper import CameraTamper, CameraTamperSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vision.rules.base import RuleEvent

    Picture = NDArray[np.uint8]
    Effect = Callable[[Picture], Picture]

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HEIGHT_PX, WIDTH_PX = 180, 240
_RNG = np.random.default_rng(3)


def _drawn_street(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    street = np.full((HEIGHT_PX, WIDTH_PX, 3), 130, np.uint8)
    for _ in range(60):
        x, y = (int(value) for value in rng.integers(0, (WIDTH_PX, HEIGHT_PX)))
        size = (int(value) for value in rng.integers(12, 50, 2))
        colour = tuple(int(value) for value in rng.integers(30, 230, 3))
        cv2.rectangle(street, (x, y, *size), colour, -1)
    return street


STREET, OTHER = _drawn_street(1), _drawn_street(2)


_NOISE = [_RNG.normal(0, 1, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.float32) for _ in range(11)]

_BEGUN = _RNG.bit_generator.state


@pytest.fixture(autouse=True)
def _noise_of_its_own() -> None:
    """Whichever tests ran before."""
    _RNG.bit_generator.state = _BEGUN


def noisy(image: NDArray[np.uint8], levels: float = 2.0) -> NDArray[np.uint8]:
    field = _NOISE[int(_RNG.integers(len(_NOISE)))]
    return np.asarray(np.clip(image + levels * field, 0, 255), np.uint8)


def scaled(image: NDArray[np.uint8], gain: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip(image * gain, 0, 255), np.uint8)


def infrared(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey, some things darker than they were, lit from the camera's own lamp."""
    grey = image[:, :, 1].astype(np.float32)
    grey = np.where(image[:, :, 2] > 150, 255 - grey, grey)
    lamp = np.exp(-(((np.arange(WIDTH_PX) - WIDTH_PX / 2) / (0.5 * WIDTH_PX)) ** 2))
    return noisy(np.dstack([grey * 0.3 + grey * lamp * 0.5] * 3).astype(np.uint8), 5)


def cloud(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([scaled(image[:, : WIDTH_PX // 2], 0.45), image[:, WIDTH_PX // 2 :]], axis=1)


def coarse(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 20])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def bus(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = image.copy()
    image[40:150, 30:190] = (40, 60, 170)
    return image


def run(
    effect: Effect, *, fps: float = 5.0, from_s: float = 30, to_s: float = 90, until_s: float = 120, **settings: Any
) -> list[RuleEvent]:
    rule = CameraTamper(CameraTamperSettings.model_validate(settings), [])
    told = []
    for index in range(round(until_s * fps)):
        at_s = index / fps
        image = noisy(effect(STREET) if from_s <= at_s < to_s else STREET)
        told += rule.update(Scene(Frame(image, index, at_s, START + timedelta(seconds=at_s)), [], detected=False))
    return told


TAMPERED: dict[str, tuple[Effect, str]] = {
    "hand": (lambda image: np.full_like(image, 110), "covered"),
    "spray": (lambda image: np.full_like(image, 245), "covered"),
    "blur": (lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), 5), np.uint8), "defocused"),
    "turned": (lambda _image: OTHER, "moved"),
    "upside down": (lambda image: image[::-1], "moved"),
}


@pytest.mark.parametrize("name", TAMPERED)
@pytest.mark.parametrize("fps", [1.0, 0.1])
def test_tampering_is_told_with_its_kind_and_is_over_when_the_view_is_back(name: str, fps: float) -> None:
    effect, kind = TAMPERED[name]
    stays_s = 100 if fps < 1 else 45
    found = run(effect, fps=fps, from_s=50, to_s=50 + stays_s, until_s=80 + stays_s)
    assert [(event.phase, event.attributes["kind"]) for event in found] == [("opened", kind), ("closed", kind)]
    hold_s = 30 if kind == "defocused" else 10
    assert 50 + hold_s <= found[0].occurred_s <= 50 + hold_s + (2 if fps > 1 else 10)
    assert found[0].began_s is not None
    assert abs(found[0].began_s - 50) <= 1


LIGHT: dict[str, Effect] = {
    "dusk": lambda image: scaled(image, 0.3),
    "sun": lambda image: scaled(image, 1.7),
    "infra-red": infrared,
    "cloud": cloud,
    "lamps out": lambda image: noisy(scaled(image, 0.1), 4),
    "gain noise": lambda image: noisy(image, 20),
    "bus": bus,
    "haze": lambda image: (image * 0.5 + 90).astype(np.uint8),
    "coarse key frames": coarse,
    "shake": lambda image: np.roll(image, int(_RNG.integers(-1, 2)), axis=1),
}


@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("fps", [1.0, 0.1])
def test_light_weather_and_traffic_are_no_tampering(name: str, fps: float) -> None:
    assert run(LIGHT[name], fps=fps, from_s=50, to_s=200, until_s=220) == []


def test_a_picture_without_any_change_is_frozen_but_a_drawn_one_never_was_alive() -> None:
    frozen = noisy(STREET)
    rule = CameraTamper(CameraTamperSettings(), [])
    still = CameraTamper(CameraTamperSettings(), [])
    told, told_of_still = [], []
    for index in range(200):
        at_s = float(index)
        image = frozen if 60 <= at_s < 150 else noisy(STREET, 2.0 + index / 100)
        clock = START + timedelta(seconds=at_s)
        told += rule.update(Scene(Frame(image, index, at_s, clock), [], detected=False))
        told_of_still += still.update(Scene(Frame(STREET, index, at_s, clock), [], detected=False))
    assert [(event.phase, event.attributes["kind"]) for event in told] == [("opened", "frozen"), ("closed", "frozen")]
    assert 120 <= told[0].occurred_s <= 122
    assert told_of_still == []


def test_a_lost_signal_is_told_once_and_over_with_the_next_pictures() -> None:
    rule = CameraTamper(CameraTamperSettings(), [])
    told = []
    for second in range(100):
        at_s = float(second)
        if 20 <= second < 70:
            told += rule.without_picture(at_s)
        else:
            image = Frame(noisy(STREET), second, at_s, START + timedelta(seconds=at_s))
            told += rule.update(Scene(image, [], detected=False))
    assert [(event.phase, event.occurred_s) for event in told] == [("opened", 49.0), ("closed", 75.0)]
    assert told[0].attributes == {"kind": "lost_signal"}
    assert CameraTamper(CameraTamperSettings(), []).without_picture(1000.0) == []


def test_a_new_view_is_the_usual_one_after_a_while() -> None:
    found = run(lambda _image: OTHER, fps=1, from_s=30, to_s=400, until_s=400, accept_s=120)
    assert [event.phase for event in found] == ["opened", "closed"]
    assert 150 <= found[1].occurred_s <= 165


def test_a_restart_neither_opens_nor_forgets() -> None:
    rule = CameraTamper(CameraTamperSettings(), [])
    told = []
    for second in range(60):
        image = noisy(STREET) if second < 30 else noisy(OTHER)
        told += rule.update(
            Scene(Frame(image, second, float(second), START + timedelta(seconds=second)), [], detected=False)
        )
    after = CameraTamper(CameraTamperSettings(), [])
    after.restore(json.loads(json.dumps(rule.snapshot())), 3.0)
    after.recall(rule.memory() or b"", 3.0)
    for second in range(40):
        image = noisy(OTHER) if second < 10 else noisy(STREET)
        told += after.update(
            Scene(Frame(image, second, float(second), START + timedelta(seconds=second)), [], detected=False)
        )
    assert [(event.phase, event.occurrence) for event in told] == [("opened", 1), ("closed", 1)]
    with pytest.raises(ValueError, match="not a view"):
        after.recall(b"damaged", 1.0)
