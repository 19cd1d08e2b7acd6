"""Who waits for whom before a message is stored."""

from __future__ import annotations

import threading
from dataclasses import replace

from control_room.ingest.delivery import Delivery, Receipt
from control_room.ingest.waiting import Waiting
from tests.control_room import messages, services

AT_ONCE_S = 0.0


class Time:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Over:
    """A session that another has now."""

    is_over = True

    def settle(self, receipt: Receipt) -> None:
        raise AssertionError(receipt)


def delivery(device_id: str, number: int = 0) -> Delivery:
    return messages.delivery(str(number).encode(), device_id=device_id)


def test_fifty_thousand_of_one_device_do_not_delay_another() -> None:
    waiting = Waiting()
    for number in range(50_000):
        waiting.put(delivery("flood", number))
    waiting.put(delivery("quay"))
    batch = waiting.take(500, AT_ONCE_S, AT_ONCE_S)
    assert [each.topic for each in batch[:3]] == [f"talaia/v1/{name}/events" for name in ("flood", "quay", "flood")]
    assert len(waiting) == 50_001 - 500


def test_each_device_keeps_its_order_and_nothing_is_left_out() -> None:
    waiting = Waiting()
    for number in range(300):
        waiting.put(delivery(f"device-{number % 7 if number < 200 else 0}", number))
    taken: list[Delivery] = []
    while len(waiting):
        taken += waiting.take(13, AT_ONCE_S, AT_ONCE_S)
    numbers = [int(each.payload) for each in taken]
    assert sorted(numbers) == list(range(300))
    for topic in {each.topic for each in taken}:
        own = [int(each.payload) for each in taken if each.topic == topic]
        assert own == sorted(own)


def test_one_that_comes_alone_is_taken_at_once_and_the_next_ones_together() -> None:
    clock = Time()
    waiting = Waiting(clock_s=clock)
    waiting.put(delivery("quay", 1))
    assert len(waiting.take(500, 3600, AT_ONCE_S)) == 1, "or it would wait for an hour"
    taken: list[list[Delivery]] = []
    taker = threading.Thread(target=lambda: taken.append(waiting.take(4, 3600, 3600)))
    taker.start()
    for number in range(4):
        waiting.put(delivery("quay", number))
    taker.join(60)
    assert [len(batch) for batch in taken] == [4], "it waited until the batch was full"
    clock.now_s += 3600
    waiting.put(delivery("quay", 9))
    assert len(waiting.take(500, 3600, AT_ONCE_S)) == 1


def test_too_much_is_not_taken_from_the_broker() -> None:
    waiting = Waiting(most_bytes=10)
    waiting.put(messages.delivery(b"x" * 10))
    more = threading.Thread(target=waiting.put, args=(messages.delivery(b"y"),))
    more.start()
    services.wait_until(lambda: len(waiting) == 1 and more.is_alive(), 60, "the second waits")
    assert [each.payload for each in waiting.take(9, AT_ONCE_S, AT_ONCE_S)] == [b"x" * 10]
    more.join(60)
    assert [each.payload for each in waiting.take(9, AT_ONCE_S, 20)] == [b"y"]


def test_what_another_has_now_is_forgotten() -> None:
    waiting = Waiting()
    mine = delivery("quay", 1)
    lost = replace(delivery("quay", 2), receipt=Receipt(Over(), 1, 1, 1))
    waiting.put(mine)
    waiting.put(lost)
    assert waiting.take(9, AT_ONCE_S, AT_ONCE_S) == [mine]
    waiting.put(mine)
    waiting.discard(lambda each: each is mine)
    assert waiting.take(9, AT_ONCE_S, AT_ONCE_S) == []


def test_closing_lets_everybody_go() -> None:
    waiting = Waiting(most_bytes=1)
    waiting.put(delivery("quay", 1))
    blocked = threading.Thread(target=waiting.put, args=(delivery("quay", 2),))
    blocked.start()
    waiting.close()
    blocked.join(60)
    assert not blocked.is_alive()
