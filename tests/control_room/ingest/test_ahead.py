"""The next batch is read while the one before is stored."""

from __future__ import annotations

import threading

from control_room.ingest.ahead import Ahead
from control_room.ingest.reading import Accepted, Outcome, Refused
from control_room.ingest.waiting import Waiting
from tests.control_room import messages, services
from wire.event import EventMessage

WITHIN_S = 60


def test_batches_are_read_ahead_in_their_order_and_count_until_they_are_done() -> None:
    waiting = Waiting()
    for sequence in range(1, 8):
        waiting.put(messages.delivery(messages.event(sequence=sequence)))
    waiting.put(messages.delivery(b"no message"))
    ahead = Ahead(waiting, 3, 0.0)
    ahead.start()
    services.wait_until(lambda: len(waiting) < 5, WITHIN_S, "the second is read, though nobody took the first")
    read: list[Outcome] = []
    while len(read) < 8:
        batch = ahead.next(WITHIN_S)
        assert batch is not None
        assert not waiting.is_all_done(), "what is in hand is not stored"
        read += batch.outcomes
        waiting.done(len(batch.outcomes))
    assert waiting.is_all_done()
    said = [one.message for one in read if isinstance(one, Accepted)]
    assert [one.sequence for one in said if isinstance(one, EventMessage)] == list(range(1, 8))
    assert isinstance(read[7], Refused)
    assert ahead.next(0.0) is None
    waiting.close()
    ahead.close()


def test_it_ends_also_while_nobody_takes_what_it_has() -> None:
    waiting = Waiting()
    for sequence in range(1, 10):
        waiting.put(messages.delivery(messages.event(sequence=sequence)))
    ahead = Ahead(waiting, 1, 0.0)
    ahead.start()
    services.wait_until(lambda: len(waiting) < 8, WITHIN_S, "it waits with one in hand")
    waiting.close()
    ahead.close()
    assert "ahead" not in {thread.name for thread in threading.enumerate()}
