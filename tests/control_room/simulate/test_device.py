"""What a simulated device writes is sound, in order and of one kind with the seed."""

from __future__ import annotations

import random
from datetime import timedelta

from control_room.simulate.device import Device, Written
from tests.control_room import messages
from wire import message
from wire.event import EventMessage


def written(seed: int, number: int = 60) -> list[Written]:
    device = Device("simulated-00001", random.Random(seed), (41.0, 1.0))
    return [device.write(messages.NOON + timedelta(seconds=second)) for second in range(number)]


def read(sent: Written) -> EventMessage:
    found, warnings = message.read(EventMessage, sent.payload)
    assert warnings == []
    return found


def test_its_outbox_has_no_gap_and_each_message_is_sound() -> None:
    sent = written(1)
    found = [read(each) for each in sent]
    assert [each.sequence for each in found] == list(range(1, 61))
    assert len({each.outbox_id for each in found}) == 1
    assert [(each.message_id, each.event_id) for each in found] == [(each.message_id, each.event_id) for each in sent]


def test_an_event_opens_first_and_ends_last() -> None:
    phases: dict[object, list[str]] = {}
    for sent in written(2, 300):
        event = read(sent)
        phases.setdefault(event.event_id, []).append(event.phase)
    assert {each for told in phases.values() for each in told} == {"opened", "updated", "closed"}
    assert all(told[0] == "opened" and "opened" not in told[1:] for told in phases.values())
    assert all("closed" not in told[:-1] for told in phases.values())


def test_the_same_seed_makes_the_same_town() -> None:
    def likeness(seed: int) -> list[object]:
        return [(each.rule, each.phase, each.severity, each.location) for each in map(read, written(seed))]

    assert likeness(3) == likeness(3)
    assert likeness(3) != likeness(4)
