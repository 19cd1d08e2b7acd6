"""The gate before the detector."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from vision.frame import Frame
from vision.motion import Motion, MotionGate

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def frame(at_s: float, *, spot: tuple[int, int] | None = None, light: float = 1.0, cut: bool = False) -> Frame:
    random = np.random.default_rng(3)
    image = random.normal(100, 10, (240, 320, 3)) * light
    image += np.random.default_rng(int(at_s * 1000)).normal(0, 2, image.shape)
    if spot:
        image[spot[1] : spot[1] + 12, spot[0] : spot[0] + 6] = 230
    return Frame(np.clip(image, 0, 255).astype(np.uint8), int(at_s * 5), at_s, NOW, discontinuity=cut)


def run(gate: MotionGate, frames: list[Frame]) -> list[Motion]:
    return [gate.update(one) for one in frames]


def test_the_first_seconds_are_examined_and_then_a_still_street_is_not() -> None:
    found = run(MotionGate(warm_up_s=2, look_every_s=10), [frame(n / 5) for n in range(40)])
    assert [one.moving for one in found] == [True] * 11 + [False] * 29


def test_a_small_figure_far_away_opens_the_gate_and_is_located() -> None:
    gate = MotionGate()
    run(gate, [frame(n / 5) for n in range(20)])
    found = run(gate, [frame(4 + n / 5, spot=(40 + 4 * n, 100)) for n in range(5)])
    assert all(one.moving for one in found)
    region = found[-1].region
    assert region is not None
    assert region[0] == pytest.approx(40 / 320, abs=0.03)
    assert region[2] == pytest.approx(62 / 320, abs=0.03)


def test_it_stays_open_a_moment_and_then_closes() -> None:
    gate = MotionGate(hold_s=1)
    run(gate, [frame(n / 5) for n in range(20)])
    run(gate, [frame(4 + n / 5, spot=(40 + 4 * n, 100)) for n in range(3)])
    found = run(gate, [frame(4.6 + n / 5) for n in range(40)])
    assert found[0].moving
    assert not found[-1].moving


def test_somebody_who_stands_still_is_looked_at_again_and_again() -> None:
    gate = MotionGate(look_every_s=5)
    found = run(gate, [frame(n / 5, spot=(100, 100)) for n in range(100)])
    looked = [n / 5 for n, one in enumerate(found) if one.moving and n / 5 > 2]
    assert looked == [pytest.approx(7.0), pytest.approx(12.0), pytest.approx(17.0)]


def test_a_change_of_the_light_of_the_whole_picture_is_no_motion() -> None:
    gate = MotionGate()
    run(gate, [frame(n / 5) for n in range(20)])
    found = run(gate, [frame(4 + n / 5, light=1 + 0.02 * n) for n in range(10)])
    assert [one.region for one in found] == [None] * 10


def test_after_a_discontinuity_it_examines_again() -> None:
    gate = MotionGate(warm_up_s=2)
    run(gate, [frame(n / 5) for n in range(30)])
    found = run(gate, [frame(6 + n / 5, cut=n == 0) for n in range(20)])
    assert [one.moving for one in found] == [True] * 11 + [False] * 9
