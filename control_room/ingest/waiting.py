"""Deliveries that wait to be stored, taken by turns: whoever sends much waits behind himself, not before others."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_room.ingest.delivery import Delivery

MOST_BYTES = 64 * 1024 * 1024
"""Payloads that wait. Beyond that `put` blocks, and so the connection: the broker keeps the rest."""


class Waiting:
    """One queue a topic, so one a device and kind of message; each in the order of arrival. For several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._most_bytes = most_bytes
        self._clock_s = clock_s
        self._by_topic: dict[str, deque[Delivery]] = {}
        self._turns: deque[str] = deque()
        self._messages = self._bytes = self._in_hand = 0
        self._wanted = 1
        """With so many the taker is woken."""
        self._taken_s = -float("inf")
        self._is_closed = False
        lock = threading.Lock()
        self._arrived, self._has_room = threading.Condition(lock), threading.Condition(lock)

    def __len__(self) -> int:
        return self._messages

    def oldest_at(self) -> datetime | None:
        """When the one came that waits for longest; None: none waits."""
        with self._arrived:
            return min((queue[0].received_at for queue in self._by_topic.values()), default=None)

    def put(self, delivery: Delivery) -> None:
        """Add one; waits while too much waits already. Forgets it where its session ends meanwhile."""
        with self._has_room:
            self._has_room.wait_for(lambda: self._bytes < self._most_bytes or self._is_closed or not delivery.is_ours)
            if delivery.is_ours:
                self._add(delivery)
            if self._messages >= self._wanted:
                self._arrived.notify()

    def take(self, most: int, pace_s: float, first_within_s: float) -> list[Delivery]:
        """Up to `most`, by turns; none when no first one comes within `first_within_s`.

        Batches that are not full are taken no faster than one every `pace_s`. So one that comes alone is taken at once,
        and under a steady rate as many are taken together as come in that time.
        """
        with self._arrived:
            if not self._wait_for(1, first_within_s):
                return []
            self._wait_for(most, self._taken_s + pace_s - self._clock_s())
            taken = [self._next() for _ in range(min(most, self._messages))]
            self._in_hand += len(taken)
            self._taken_s = self._clock_s()
            self._has_room.notify_all()
        return taken

    def done(self, messages: int) -> None:
        """So many of those that were taken are stored, or nobody's any more."""
        with self._arrived:
            self._in_hand -= messages

    def is_all_done(self) -> bool:
        """Nothing waits, and nothing that was taken is still to be stored."""
        with self._arrived:
            return not self._messages and not self._in_hand

    def discard(self, unwanted: Callable[[Delivery], bool]) -> None:
        """Forget these; whoever sent them has them still."""
        with self._has_room:
            kept = [each for queue in self._by_topic.values() for each in queue if not unwanted(each)]
            self._by_topic.clear()
            self._turns.clear()
            self._messages = self._bytes = 0
            for each in kept:
                self._add(each)
            self._has_room.notify_all()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._arrived:
            self._is_closed = True
            self._arrived.notify_all()
            self._has_room.notify_all()

    def _wait_for(self, messages: int, within_s: float) -> bool:
        self._wanted = messages
        return self._arrived.wait_for(lambda: self._messages >= messages or self._is_closed, within_s)

    def _add(self, delivery: Delivery) -> None:
        queue = self._by_topic.get(delivery.topic)
        if queue is None:
            queue = self._by_topic[delivery.topic] = deque()
            self._turns.append(delivery.topic)
        queue.append(delivery)
        self._messages += 1
        self._bytes += len(delivery.payload)

    def _next(self) -> Delivery:
        topic = self._turns.popleft()
        queue = self._by_topic[topic]
        delivery = queue.popleft()
        if queue:
            self._turns.append(topic)
        else:
            del self._by_topic[topic]
        self._messages -= 1
        self._bytes -= len(delivery.payload)
        return delivery
