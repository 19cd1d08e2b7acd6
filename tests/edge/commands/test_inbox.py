"""Only the room is obeyed, once, and it is answered until it has heard."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import uuid_utils.compat

from edge.commands.inbox import BEGUN_MAX, WAITING_MAX, Inbox
from edge.commands.keys import RoomKey
from edge.commands.ledger import KEPT, Ledger
from edge.commands.orders import CommandError, Order
from tests.edge.broker import wait_until
from tests.edge.clocks import START, HandClock
from tests.edge.commands.orders import DEVICE, RoomOfTests, span
from wire import message as wire_message
from wire.commands import VALID_LONGEST, Recordings, Touched
from wire.control import ReplyMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wire.control import CommandMessage
    from wire.message import Part


class Device:
    """An inbox over a ledger; its handlers note what they were asked."""

    def __init__(self, folder: Path, room: RoomOfTests | None) -> None:
        self.folder = folder
        self.room = room
        self.clock = HandClock()
        self.obeyed: list[Order] = []
        self.answer: Callable[[Order], Part] = _nothing_recorded
        self.woken = 0
        self._threads: list[threading.Thread] = []
        self.start()

    def start(self) -> None:
        self.stop = threading.Event()
        self.ledger = Ledger(self.folder / "commands.sqlite3", self.clock)
        self.inbox = Inbox(
            device_id=DEVICE,
            key=None if self.room is None else self.room.key,
            ledger=self.ledger,
            handlers={"recordings_list": self._obey, "recording_fetch": self._obey, "recording_erase": self._obey},
            clock=self.clock,
            stop=self.stop,
            wake=self._wake,
        )

    def run(self) -> None:
        for work in (self.inbox.run_at_once, self.inbox.run_long):
            thread = threading.Thread(target=work)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        self._threads.clear()
        self.ledger.close()

    def take(self, command: CommandMessage, **changes: Any) -> None:
        content = json.loads(command.to_json())
        self.inbox.take(json.dumps({**content, **changes}).encode())

    def said(self) -> list[ReplyMessage]:
        """What is sent now."""
        found = self.inbox.due(self.clock.monotonic_s())
        return [wire_message.read(ReplyMessage, one.payload)[0] for one in found]

    def reply(self) -> ReplyMessage:
        """The result, once it is there."""
        got: list[ReplyMessage] = []

        def came() -> bool:
            got.extend(one for one in self.said() if one.progress is None)
            return bool(got)

        wait_until(came, "a reply")
        (one,) = got
        return one

    def _obey(self, order: Order) -> Part:
        self.obeyed.append(order)
        return self.answer(order)

    def _wake(self) -> None:
        self.woken += 1


def _nothing_recorded(_order: Order) -> Part:
    return Recordings(spans=[], complete=True, oldest=None, newest=None, used_bytes=0, limit_bytes=1)


@pytest.fixture
def room() -> RoomOfTests:
    return RoomOfTests()


@pytest.fixture
def device(tmp_path: Path, room: RoomOfTests) -> Iterator[Device]:
    made = Device(tmp_path, room)
    yield made
    made.end()


def test_a_command_is_obeyed_and_its_answer_sent_until_it_is_acknowledged(device: Device, room: RoomOfTests) -> None:
    device.run()
    command = room.command()
    device.take(command)
    reply = device.reply()
    assert (reply.ok, reply.command_id, reply.device_id) == (True, command.command_id, DEVICE)
    assert reply.result["complete"] is True
    wait_until(lambda: device.woken >= 1, "a word to the publisher")
    assert device.said() == []
    device.clock.passed_s += 16
    assert [one.command_id for one in device.said()] == [command.command_id]
    device.inbox.lost()
    assert len(device.said()) == 1, "after a lost connection at once"
    device.inbox.acknowledge([command.command_id, uuid_utils.compat.uuid7()])
    device.clock.passed_s += 1000
    assert device.said() == []


def test_a_repeated_command_is_answered_again_and_not_obeyed_again(device: Device, room: RoomOfTests) -> None:
    device.run()
    command = room.command()
    device.take(command)
    first = device.reply()
    device.inbox.acknowledge([command.command_id])
    device.clock.passed_s += 3600
    device.take(command)
    assert device.said() == [first], "also when it has expired meanwhile"
    assert len(device.obeyed) == 1
    device.end()
    device.start()
    device.run()
    device.take(command)
    assert device.said() == [first], "and after a restart"
    assert len(device.obeyed) == 1


def test_the_arguments_are_read(device: Device, room: RoomOfTests) -> None:
    device.run()
    device.take(room.command("recording_erase"))
    device.answer = lambda _: Touched(segments=1, bytes=2)
    device.reply()
    (order,) = device.obeyed
    assert type(order.arguments).__name__ == "EraseRecording"


def _until_cancelled(order: Order) -> Part:
    """Works until it is told to end."""
    wait_until(order.cancelled, "a cancel")
    order.check()
    raise AssertionError


def test_a_command_under_way_is_given_up_and_answered_at_once(device: Device, room: RoomOfTests) -> None:
    device.answer = _until_cancelled
    device.run()
    wanted, waiting = room.command("recording_fetch"), room.command("recording_fetch")
    for command in (wanted, waiting):
        device.take(command)
    wait_until(lambda: bool(device.obeyed), "the command is begun")
    heard: dict[UUID, ReplyMessage] = {}
    cancels = [room.command("cancel", {"command_id": str(one.command_id)}) for one in (waiting, wanted)]
    for command in cancels:
        device.take(command)

    def all_came() -> bool:
        heard.update({one.command_id: one for one in device.said() if one.progress is None})
        return len(heard) == 4

    wait_until(all_came, "all answers")
    assert [(heard[one.command_id].ok, heard[one.command_id].error) for one in (wanted, waiting)] == [
        (False, "cancelled")
    ] * 2
    assert [heard[one.command_id].result for one in cancels] == [{"stopped": True}] * 2
    device.end()
    device.start()
    assert device.ledger.unfinished() == [], "nor is it taken up again after a restart"
    assert len(device.obeyed) == 1


def test_a_cancel_that_comes_too_late_changes_nothing(device: Device, room: RoomOfTests) -> None:
    device.run()
    command = room.command("recording_fetch")
    device.take(command)
    done = device.reply()
    device.take(room.command("cancel", {"command_id": str(command.command_id)}))
    assert device.reply().result == {"stopped": False}
    device.take(command)
    assert device.said() == [done]


def test_a_cancel_that_overtakes_its_command_counts(device: Device, room: RoomOfTests) -> None:
    device.run()
    command = room.command("recording_fetch")
    device.take(room.command("cancel", {"command_id": str(command.command_id)}))
    assert device.reply().result == {"stopped": True}
    device.take(command)
    assert [(one.ok, one.error) for one in device.said()] == [(False, "cancelled")]
    assert device.obeyed == []


OTHER_ROOM = RoomOfTests()
FORGERIES: dict[str, tuple[Callable[[RoomOfTests], CommandMessage], dict[str, Any], str]] = {
    "no signature": (lambda room: room.command(), {"signature": ""}, "signature"),
    "no base64": (lambda room: room.command(), {"signature": "%%%"}, "signature"),
    "another room's signature": (lambda _: OTHER_ROOM.command(), {}, "signature"),
    "other arguments": (lambda room: room.command(), {"arguments": span(camera_id="door")}, "signature"),
    "another kind": (lambda room: room.command(), {"kind": "recording_erase"}, "signature"),
    "a later end": (lambda room: room.command(), {"expires_at": "2026-03-01T13:00:00Z"}, "signature"),
    "another person": (lambda room: room.command(), {"issued_by": "anna"}, "signature"),
    "another id": (lambda room: room.command(), {"command_id": str(uuid_utils.compat.uuid7())}, "signature"),
    "another device's": (lambda room: room.command(device_id="dev-2"), {}, "it is for the device dev-2"),
    "another device's, renamed": (lambda room: room.command(device_id="dev-2"), {"device_id": DEVICE}, "signature"),
    "expired": (
        lambda room: room.command(issued_at=START - timedelta(minutes=2)),
        {},
        "it expired at 2026-03-01 11:59",
    ),
    "of the future": (lambda room: room.command(issued_at=START + timedelta(minutes=6)), {}, "in the future"),
    "valid for ever": (lambda room: room.command(valid=VALID_LONGEST + timedelta(seconds=1)), {}, "more than 7 days"),
    "too little said": (lambda room: room.command("ptz", {"camera_id": "plaza"}), {}, "arguments: act: Field required"),
    "not this device's": (
        lambda room: room.command("snapshot", {"camera_id": "plaza"}),
        {},
        "not obeyed by this device",
    ),
    "a span too long": (
        lambda room: room.command("recording_fetch", span(to="2026-03-02T12:00:00Z")),
        {},
        "arguments: to must lie after from",
    ),
    "an unknown argument": (lambda room: room.command(arguments=span(loud=True)), {}, "arguments: loud"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_is_not_the_rooms_valid_command_is_refused_in_one_line(
    device: Device, room: RoomOfTests, name: str
) -> None:
    make, changes, says = FORGERIES[name]
    device.run()
    device.take(make(room), **changes)
    (refusal,) = device.said()
    assert not refusal.ok
    assert says in refusal.error
    assert "\n" not in refusal.error
    assert device.obeyed == []
    device.clock.passed_s += 1000
    assert device.said() == [], "a refusal is said once: whoever asks again is refused again"
    assert device.ledger.unfinished() == []


def test_what_is_no_command_is_passed_over(device: Device, room: RoomOfTests) -> None:
    for payload in (b"", b"{", b"[]", b'{"schema": "talaia.command/1"}', b"x" * 100_000):
        device.inbox.take(payload)
    assert device.said() == []
    device.run()
    device.take(room.command())
    assert device.reply().ok


def test_without_a_key_nothing_is_obeyed(tmp_path: Path, room: RoomOfTests) -> None:
    device = Device(tmp_path, None)
    device.run()
    device.take(room.command())
    (refusal,) = device.said()
    assert (refusal.ok, refusal.error) == (False, "this device has no room.command_key, so it obeys nothing")
    device.end()
    assert device.obeyed == []


def test_what_cannot_be_done_is_said_and_a_fault_of_ours_without_its_inside(device: Device, room: RoomOfTests) -> None:
    device.run()

    def cannot(_order: Order) -> Part:
        raise CommandError("nothing of this span is recorded")

    def broken(_order: Order) -> Part:
        raise ZeroDivisionError("a secret")

    for answer, said in ((cannot, "nothing of this span is recorded"), (broken, "internal fault: ZeroDivisionError")):
        device.answer = answer
        command = room.command()
        device.take(command)
        reply = device.reply()
        assert (reply.ok, reply.error) == (False, said)
        device.inbox.acknowledge([command.command_id])


def test_what_takes_long_says_how_far_it_is_and_holds_up_nothing(device: Device, room: RoomOfTests) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(order: Order) -> Part:
        if order.command.kind == "recordings_list":
            return _nothing_recorded(order)
        order.progress(0.5)
        begun.set()
        assert go_on.wait(120)
        return _nothing_recorded(order)

    device.answer = slow
    device.run()
    long, quick = room.command("recording_fetch"), room.command()
    device.take(long)
    assert begun.wait(60)
    device.take(quick)
    said: list[ReplyMessage] = []

    def quick_came() -> bool:
        said.extend(device.said())
        return any(one.command_id == quick.command_id and one.progress is None for one in said)

    wait_until(quick_came, "the quick answer")
    assert [one.progress for one in said if one.command_id == long.command_id] == [0.5]
    go_on.set()
    wait_until(lambda: any(one.command_id == long.command_id for one in device.said()), "the long answer")


def test_what_a_stop_broke_off_is_taken_up_again(device: Device, room: RoomOfTests) -> None:
    begun = threading.Event()

    def endless(order: Order) -> Part:
        begun.set()
        while True:
            order.progress(0.1)
            device.stop.wait(0.01)

    device.answer = endless
    device.run()
    command = room.command("recording_fetch")
    device.take(command)
    assert begun.wait(60)
    device.end()
    device.answer = _nothing_recorded
    device.clock.passed_s += 7200
    device.start()
    device.run()
    reply = device.reply()
    assert (reply.command_id, reply.ok) == (command.command_id, True), "it was accepted in time"


def test_what_ends_the_agent_again_and_again_is_given_up(device: Device, room: RoomOfTests) -> None:
    command = room.command("recording_fetch")
    device.take(command)
    for _ in range(BEGUN_MAX):
        device.ledger.begin(command.command_id)  # as if it had ended there
    device.end()
    device.start()
    device.run()
    assert device.reply().error == "the agent ended 3 times while it was at this"
    assert device.obeyed == []


def test_no_more_wait_than_can_be_done(device: Device, room: RoomOfTests) -> None:
    for _ in range(WAITING_MAX):
        device.take(room.command())
    device.take(room.command())
    (refusal,) = device.said()
    assert "wait already" in refusal.error
    assert len(device.ledger.unfinished()) == WAITING_MAX


def test_an_answer_too_long_for_the_wire_is_an_error(device: Device, room: RoomOfTests) -> None:
    class Endless(Recordings):
        more: str = "x" * 300_000

    device.answer = lambda _: Endless(spans=[], complete=True, oldest=None, newest=None, used_bytes=0, limit_bytes=1)
    device.run()
    device.take(room.command())
    assert "too many" in device.reply().error


def test_old_commands_are_forgotten_when_none_of_them_can_be_valid(device: Device, room: RoomOfTests) -> None:
    assert KEPT > VALID_LONGEST
    device.run()
    old, new = room.command(), room.command(issued_at=START + KEPT + timedelta(hours=1))
    device.take(old)
    device.reply()
    device.inbox.acknowledge([old.command_id])
    device.clock.passed_s += (KEPT + timedelta(hours=1)).total_seconds()
    device.take(new)
    device.reply()
    assert device.ledger.seen(old.command_id) is None
    assert device.ledger.seen(new.command_id) is not None


@pytest.mark.parametrize("text", ["", "no", "aGVsbG8=", "?" * 44])
def test_a_key_is_32_bytes_in_base64(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64|bytes"):
        RoomKey.read(text)


def test_ids_are_told_apart(device: Device, room: RoomOfTests) -> None:
    """A command id that is used for another order is not obeyed: the first one's answer is given."""
    device.run()
    command_id = UUID(int=7)
    device.take(room.command(command_id=command_id))
    first = device.reply()
    device.take(room.command("recording_erase", command_id=command_id))
    assert device.said() == [first]
    assert [order.command.kind for order in device.obeyed] == ["recordings_list"]
