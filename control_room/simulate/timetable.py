"""What happens in the simulated town and when: calm and bursts, devices that go and come back, wrong clocks."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

_BURST_SHARE = 0.01
"""Of the occasions on which a device has something to say: that it has much to say."""
_BURST_MESSAGES = (5, 40)
_BURST_S = 1.0
_AWAY_SHARE = 0.1
"""Of the devices: those that lose the network once."""
_AWAY_PART = (0.1, 0.4)
"""Of the whole time."""
_CLOCKS: tuple[tuple[float, timedelta], ...] = (
    (0.85, timedelta(seconds=2)),
    (0.12, timedelta(seconds=90)),
    (0.02, timedelta(hours=30)),
    (0.01, timedelta(days=365)),
)
"""Share of the devices, and by how much at most their clocks are wrong, either way."""


@dataclass(frozen=True, slots=True)
class Happening:
    """To one device."""

    at_s: float
    """Since the beginning."""
    device: int
    kind: Literal["message", "leave", "return"]


def clock_offset(chance: random.Random) -> timedelta:
    """Device minus true time."""
    draw = chance.random()
    for share, most in _CLOCKS:
        if draw < share:
            return most * chance.uniform(-1, 1)
        draw -= share
    return timedelta(0)


def write(devices: int, messages: int, seconds: float, chance: random.Random) -> list[Happening]:
    """All of it, in order; whoever left has come back before the end."""
    found = [*_messages(devices, messages, seconds, chance), *_absences(devices, seconds, chance)]
    return sorted(found, key=lambda happening: happening.at_s)


def _messages(devices: int, messages: int, seconds: float, chance: random.Random) -> list[Happening]:
    found: list[Happening] = []
    while len(found) < messages:
        at_s, device = chance.uniform(0, seconds), chance.randrange(devices)
        number = chance.randint(*_BURST_MESSAGES) if chance.random() < _BURST_SHARE else 1
        for _ in range(min(number, messages - len(found))):
            found.append(Happening(min(at_s, seconds), device, "message"))
            at_s += chance.uniform(0, 2 * _BURST_S / number)
    return found


def _absences(devices: int, seconds: float, chance: random.Random) -> list[Happening]:
    found: list[Happening] = []
    for device in range(devices):
        if chance.random() < _AWAY_SHARE:
            length_s = seconds * chance.uniform(*_AWAY_PART)
            from_s = chance.uniform(0, seconds - length_s)
            found += [Happening(from_s, device, "leave"), Happening(from_s + length_s, device, "return")]
    return found
