"""The publisher against a real broker: delivered is what the room acknowledged, whatever is killed."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
import uuid_utils.compat

from edge.clock import Clock
from edge.health.pulse import Pulse
from edge.outbox import FILE_NAME, Outbox
from edge.publish import IN_FLIGHT_MAX, BrokerSettings, InFlight, Publisher, publisher
from tests.edge.broker import DEVICE, Broker, Room, free_port, wait_until
from tests.edge.clocks import StandingClock
from tests.edge.written import maker
from wire import topics
from wire.control import AckMessage
from wire.device import MetricsMessage, StatusMessage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Running:
    """A publisher on its thread."""

    def __init__(self, outbox: Outbox, port: int, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.stop = threading.Event()
        self.publisher = Publisher(
            BrokerSettings(host="127.0.0.1", port=port, device_id=DEVICE),
            outbox=outbox,
            clock=self.clock,
            stop=self.stop,
            status=self._status,
            metrics=self._metrics,
            pulse=Pulse("publish", 60.0, self.clock),
        )
        self._thread = threading.Thread(target=self.publisher.run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        self.publisher.wake()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _status(self, online: bool, reason: str) -> StatusMessage:  # noqa: FBT001 - as the agent's
        return StatusMessage(
            message_id=uuid_utils.compat.uuid7(),
            device_id=DEVICE,
            sent_at=self.clock.now(),
            online=online,
            version="test",
            reason=reason,
        )

    def _metrics(self) -> MetricsMessage:
        return MetricsMessage(
            device_id=DEVICE, sent_at=self.clock.now(), outbox_pending=0, evidence_pending=0, disk_free_bytes=1
        )


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / FILE_NAME, Clock())
    yield opened
    opened.close()


@pytest.fixture
def _only_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The publisher does not come round by itself."""
    monkeypatch.setattr(publisher, "METRICS_EVERY_S", 3600.0)


@pytest.mark.usefixtures("_only_woken")
def test_written_before_and_after_the_connection_all_arrive_and_are_acked(
    outbox: Outbox, broker: Broker, room: Room
) -> None:
    for _ in range(250):  # more than may be under way at once
        outbox.append(maker(Clock()))
    running = Running(outbox, broker.port, StandingClock())
    wait_until(lambda: outbox.counts().pending == 0, "the backlog is acknowledged")
    outbox.append(maker(Clock()))
    running.publisher.wake()
    wait_until(lambda: outbox.counts().acked == 251, "the new message is acknowledged")
    running.end()
    assert room.sequences == list(range(1, 252))
    assert room.properties == [event["message_id"] for event in room.events]


@pytest.mark.usefixtures("_only_woken")
def test_status_is_retained_and_says_goodbye(outbox: Outbox, broker: Broker, room: Room) -> None:
    running = Running(outbox, broker.port, StandingClock())
    wait_until(lambda: len(room.statuses) == 1 and len(room.metrics) == 1, "status and metrics")
    running.publisher.status_changed()
    wait_until(lambda: len(room.statuses) == 2, "the changed status")
    running.end()
    wait_until(lambda: len(room.statuses) == 3, "the farewell")
    assert [(status["online"], status["reason"]) for status in room.statuses] == [
        (True, ""),
        (True, ""),
        (False, "stopped"),
    ]
    late = Room(broker.port)
    wait_until(lambda: bool(late.statuses), "the retained status")
    late.close()
    assert late.statuses[0]["online"] is False


def test_a_broker_that_is_killed_and_forgets_everything(outbox: Outbox, broker: Broker, room: Room) -> None:
    """What the broker had acknowledged and the room had not is sent again."""
    room.answering = False
    for _ in range(5):
        outbox.append(maker(Clock()))
    running = Running(outbox, broker.port)
    wait_until(lambda: len(room.events) == 5, "the first five")
    broker.kill()
    outbox.append(maker(Clock()))
    running.publisher.wake()
    room.answering = True
    broker.start()
    wait_until(lambda: outbox.counts().pending == 0, "all are acknowledged")
    running.end()
    assert sorted(set(room.sequences)) == [1, 2, 3, 4, 5, 6]


class WatchedClock(Clock):
    def __init__(self) -> None:
        self.waits_s: list[float] = []

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.waits_s.append(seconds)
        return stop.wait(0.01)


def test_without_a_broker_nothing_is_lost_and_nothing_spins(outbox: Outbox) -> None:
    outbox.append(maker(Clock()))
    clock = WatchedClock()
    running = Running(outbox, free_port(), clock)
    wait_until(lambda: len(clock.waits_s) >= 8, "some tries")
    running.end()
    assert [
        round(wait_s / wanted_s) for wait_s, wanted_s in zip(clock.waits_s, (1, 2, 4, 8, 16, 32, 60), strict=False)
    ] == ([1] * 7)
    assert outbox.counts().pending == 1


def test_acks_that_cannot_be_read_harm_nobody(outbox: Outbox, broker: Broker, room: Room) -> None:
    running = Running(outbox, broker.port)
    wait_until(lambda: bool(room.statuses), "the connection")
    ack = AckMessage(device_id="d", sent_at=Clock().now(), message_ids=[uuid_utils.compat.uuid7()])
    no_time = json.dumps({**json.loads(ack.to_json()), "sent_at": "0001-01-01T00:00:00+14:00"}).encode()
    for nonsense in (b"", b"[]", b"{", b'{"schema": "talaia.ack/1"}', b"\xff", no_time):
        room.say(topics.ACKS, nonsense)
    outbox.append(maker(Clock()))
    running.publisher.wake()
    wait_until(lambda: outbox.counts().pending == 0, "the message is acknowledged")
    running.end()
    assert (outbox.counts().written, outbox.counts().acked) == (1, 1)


def test_under_way_is_sent_again_ever_later_and_soon_when_the_room_is_back() -> None:
    under_way = InFlight()
    one, two = uuid_utils.compat.uuid7(), uuid_utils.compat.uuid7()
    under_way.sent(one, 0)
    assert (under_way.drop_overdue(14.9), under_way.drop_overdue(15)) == (0, 1)
    under_way.sent(one, 15)
    assert (under_way.drop_overdue(44), under_way.drop_overdue(45)) == (0, 1)
    under_way.sent(one, 45)
    assert under_way.next_s() == 105
    under_way.sent(two, 50)
    under_way.acked([two])
    under_way.hurry(51)
    assert under_way.drop_overdue(51) == 1
    assert under_way.room == IN_FLIGHT_MAX
