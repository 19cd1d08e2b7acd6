"""What is staged for the rules: the van where it drives, and the four things that happen to a camera."""

import numpy as np

from launch.footage.rules import tamper, van

_RNG = np.random.default_rng(2)
STREET = _RNG.integers(60, 200, (576, 768, 3)).astype(np.uint8)


def test_the_van_comes_stands_and_goes() -> None:
    driver = van.Van(STREET)
    assert driver.drive(STREET, 1.0) is STREET
    one, other = driver.drive(STREET, 20.0), driver.drive(STREET, 40.0)
    assert np.array_equal(one, other)
    changed = np.argwhere((one != STREET).any(axis=2))
    assert abs(changed[:, 1].mean() - 610) < 15
    assert changed[:, 0].max() - 262 < 30
    assert not np.array_equal(driver.drive(STREET, 48.0), one)
    assert driver.drive(STREET, 57.0) is STREET


def test_each_tampering_happens_in_its_time_and_not_outside() -> None:
    tampering = tamper.Tampering()
    before, later = STREET, 255 - STREET
    assert tampering.at(before, 0.0) is before
    seen = {act.kind: tampering.at(later if act.kind == "frozen" else STREET, act.begins_s + 5) for act in tamper.ACTS}
    assert seen["covered"].std() < 30 < STREET.std()
    assert seen["defocused"].std() < 0.5 * STREET.std()
    assert not np.array_equal(seen["moved"], STREET)
    assert seen["frozen"] is before
    assert all(tampering.at(STREET, act.ends_s + 1) is STREET for act in tamper.ACTS)
