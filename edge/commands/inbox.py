"""Takes commands, obeys those that are the room's, and answers each until the room has acknowledged it.

`take` runs on the publisher's thread and only judges; the `run_...` obey on threads of their own: one for what is done
at once, one for what takes long, one for what turns cameras.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
from collections import Counter, OrderedDict
from contextlib import suppress
from threading import Lock, get_native_id
from typing import TYPE_CHECKING

from pydantic import ValidationError

from edge.commands.orders import CancelledCommandError, CommandError, InterruptedCommandError, Order
from edge.errors import EdgeError
from edge.publish import Answer, InFlight
from wire import message as wire_message
from wire import topics
from wire.commands import (
    ARGUMENTS,
    CANCELLABLE,
    CANCELLED,
    CLOCKS_APART,
    VALID_LONGEST,
    Cancel,
    Cancelled,
    CommandWithArguments,
)
from wire.control import CommandMessage, ReplyMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from threading import Event
    from uuid import UUID

    from edge.clock import Clock
    from edge.commands.keys import RoomKey
    from edge.commands.ledger import Ledger
    from wire.message import Part

log = logging.getLogger(__name__)

LONG = CANCELLABLE
"""Obeyed beside the others, one after the other."""
TURNING = frozenset[CommandWithArguments]({"ptz"})
"""Likewise: a camera that does not answer keeps nobody waiting who orders something else."""
WAITING_MAX = 50
BEGUN_MAX = 3
"""A command during which the agent ended so often is not begun again."""
_LOOK_EVERY_S = 0.5
_SAID_MAX = 100
_CANCELLED_MAX = 100
_ERROR_LENGTH_MAX = 1000
_TOLD_EVERY = 0.02
_NICE = 10


class _Refused(Exception):  # noqa: N818 - no fault of ours
    """Why a command is not obeyed, one line."""

    def __init__(self, why: str, counted: str) -> None:
        """`counted`: under which name it is counted."""
        super().__init__(why)
        self.counted = counted


class Inbox:
    """Commands of one device."""

    def __init__(
        self,
        *,
        device_id: str,
        key: RoomKey | None,
        ledger: Ledger,
        handlers: Mapping[CommandWithArguments, Callable[[Order], Part]],
        clock: Clock,
        stop: Event,
        wake: Callable[[], None],
    ) -> None:
        self._device_id = device_id
        self.key = key
        self._ledger = ledger
        self._handlers = handlers
        self._clock = clock
        self._stop = stop
        self._wake = wake
        self._lock = Lock()
        self._said: OrderedDict[UUID, bytes] = OrderedDict()
        """Refusals and shares done: sent once."""
        self._refused: Counter[str] = Counter()
        self._answers = ledger.unacknowledged()
        self._in_flight = InFlight()
        self._at_once: queue.SimpleQueue[CommandMessage] = queue.SimpleQueue()
        self._long: queue.SimpleQueue[CommandMessage] = queue.SimpleQueue()
        self._turning: queue.SimpleQueue[CommandMessage] = queue.SimpleQueue()
        self._cancelled: OrderedDict[UUID, None] = OrderedDict()
        """Commands that are not wanted any more, also some that did not come yet."""
        for payload in ledger.unfinished():
            self._queue(wire_message.read(CommandMessage, payload)[0])

    def take(self, payload: bytes) -> None:
        """Judge what came on the topic of commands."""
        if len(payload) > topics.COMMANDS.limit_bytes:
            log.warning("a command of %d bytes is not read", len(payload))
            self._count("unreadable")
            return
        try:
            command, _ = wire_message.read(CommandMessage, payload)
        except wire_message.UnreadableMessageError as error:
            log.warning("a command cannot be read: %s", error)
            self._count("unreadable")
            return
        try:
            self._judge(command, payload)
        except (_Refused, EdgeError) as error:
            self._count(error.counted if isinstance(error, _Refused) else "not_written")
            log.warning("command %s (%s) is refused: %s", command.command_id, command.kind, error)
            self._say(self._reply(command, error=str(error)))

    def due(self, now_s: float) -> list[Answer]:
        """Shares done and refusals once; results until they are acknowledged."""
        with self._lock:
            said = [Answer(payload, command_id) for command_id, payload in self._said.items()]
            self._said.clear()
            self._in_flight.drop_overdue(now_s)
            waiting = set(self._in_flight)
            again = [Answer(reply, key) for key, reply in self._answers.items() if key not in waiting]
            again = again[: self._in_flight.room]
            for answer in again:
                self._in_flight.sent(answer.command_id, now_s)
        return said + again

    def next_s(self) -> float | None:
        with self._lock:
            return self._in_flight.next_s()

    def acknowledge(self, message_ids: Iterable[UUID]) -> None:
        with self._lock:
            known = [message_id for message_id in message_ids if message_id in self._answers]
            for command_id in known:
                del self._answers[command_id]
            self._in_flight.acked(known)
        try:
            self._ledger.acknowledge(known)
        except EdgeError as error:
            log.error("%s", error)  # noqa: TRY400 - said, not traced; the answer is only sent once more

    def lost(self) -> None:
        with self._lock:
            self._in_flight.lost()

    @property
    def refused(self) -> dict[str, int]:
        """Commands that were not obeyed since the start, by reason."""
        with self._lock:
            return dict(self._refused)

    def _count(self, reason: str) -> None:
        with self._lock:
            self._refused[reason] += 1

    def run_at_once(self) -> None:
        """Obey what is done at once, until the agent stops."""
        self._work(self._at_once)

    def run_turning(self) -> None:
        """Obey what turns cameras, one order after the other."""
        self._work(self._turning)

    def run_long(self) -> None:
        """Obey what takes long, one after the other, with less of the processor than those that watch."""
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)
        self._work(self._long)

    def _judge(self, command: CommandMessage, payload: bytes) -> None:
        self._check_sender(command)
        seen = self._ledger.seen(command.command_id)
        if seen is not None:
            self._answer_again(command, seen.reply)
            return
        self._check_times(command)
        _arguments(command)
        if self._is_cancelled(command.command_id):
            raise _Refused(CANCELLED, "cancelled")
        if command.kind not in self._handlers and command.kind != "cancel":
            raise _Refused(f"{command.kind} is not obeyed by this device", "not_obeyed")
        if self._at_once.qsize() + self._long.qsize() + self._turning.qsize() >= WAITING_MAX:
            raise _Refused(f"{WAITING_MAX} commands wait already; try again later", "too_many")
        self._ledger.accept(command.command_id, payload)
        log.info("command %s: %s by %s", command.command_id, command.kind, command.issued_by)
        if command.kind in LONG:
            self._tell(command, 0.0)
        self._queue(command)

    def _check_sender(self, command: CommandMessage) -> None:
        if command.device_id != self._device_id:
            raise _Refused(f"it is for the device {command.device_id}", "other_device")
        if self.key is None:
            raise _Refused("this device has no room.command_key, so it obeys nothing", "no_key")
        if not self.key.has_signed(command):
            raise _Refused("its signature is not that of this device's room.command_key", "forged")

    def _check_times(self, command: CommandMessage) -> None:
        now = self._clock.now()
        clock = f"; the device's clock says {now:%Y-%m-%d %H:%M:%S} UTC"
        if command.expires_at <= now:
            raise _Refused(f"it expired at {command.expires_at:%Y-%m-%d %H:%M:%S} UTC{clock}", "stale")
        if command.issued_at > now + CLOCKS_APART:
            raise _Refused(
                f"it was issued in the future, at {command.issued_at:%Y-%m-%d %H:%M:%S} UTC{clock}", "future"
            )
        if command.expires_at - command.issued_at > VALID_LONGEST:
            raise _Refused(f"it is valid for more than {VALID_LONGEST.days} days", "too_long")

    def _answer_again(self, command: CommandMessage, reply: bytes | None) -> None:
        if reply is None:
            log.info("command %s came again while it is being obeyed", command.command_id)
            return
        with self._lock:
            if command.command_id not in self._answers:  # the room has heard it, so it is not the room that asks
                self._refused["replayed"] += 1
            self._said[command.command_id] = reply

    def _queue(self, command: CommandMessage) -> None:
        beside = self._turning if command.kind in TURNING else self._at_once
        (self._long if command.kind in LONG else beside).put(command)

    def _work(self, waiting: queue.SimpleQueue[CommandMessage]) -> None:
        while not self._stop.is_set():
            try:
                command = waiting.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
            try:
                self._obey(command)
            except InterruptedCommandError:
                return

    def _obey(self, command: CommandMessage) -> None:
        try:
            reply = self._done(command)
        except InterruptedCommandError:
            raise
        except (_Refused, EdgeError) as error:
            reply = self._reply(command, error=str(error))
        except Exception as error:
            log.exception("command %s: unexpected fault", command.command_id)
            reply = self._reply(command, error=f"internal fault: {type(error).__name__}")
        payload = reply.to_json()
        if len(payload) > topics.REPLIES.limit_bytes:
            payload = self._reply(command, error=f"the answer has {len(payload)} bytes, too many").to_json()
        self._answer(command.command_id, payload)

    def _answer(self, command_id: UUID, payload: bytes) -> bool:
        """Whether that is the answer: a command that was given up has one already."""
        try:
            if not self._ledger.answer(command_id, payload):
                return False
            self._ledger.forget_old()
        except EdgeError as error:
            log.error("command %s: %s", command_id, error)  # noqa: TRY400 - said, not traced
        with self._lock:
            self._said.pop(command_id, None)
            self._answers[command_id] = payload
        self._wake()
        return True

    def _done(self, command: CommandMessage) -> ReplyMessage:
        begun = 0 if self._is_cancelled(command.command_id) else self._ledger.begin(command.command_id)
        if begun == 0:
            raise CancelledCommandError(CANCELLED)
        if begun > BEGUN_MAX:
            raise CommandError(f"the agent ended {BEGUN_MAX} times while it was at this")
        arguments = _arguments(command)
        last = 0.0

        def tell(share: float) -> None:
            nonlocal last
            if share >= last + _TOLD_EVERY:
                last = share
                self._tell(command, min(1.0, share))

        if isinstance(arguments, Cancel):
            return self._reply(command, result=self._cancel(arguments.command_id))
        order = Order(command, arguments, tell, self._stop.is_set, lambda: self._is_cancelled(command.command_id))
        result = self._handlers[command.kind](order)
        return self._reply(command, result=result)

    def _cancel(self, command_id: UUID) -> Cancelled:
        """Answer it at once; whoever is at it notices when he next tells how far he is."""
        given_up = ReplyMessage(
            command_id=command_id,
            device_id=self._device_id,
            sent_at=self._clock.now(),
            ok=False,
            error=CANCELLED,
        )
        # First the answer: whoever is at it would else notice and give one himself, as if it had been done before.
        stopped = self._ledger.seen(command_id) is None or self._answer(command_id, given_up.to_json())
        with self._lock:
            self._cancelled[command_id] = None
            while len(self._cancelled) > _CANCELLED_MAX:
                self._cancelled.popitem(last=False)
        return Cancelled(stopped=stopped)

    def _is_cancelled(self, command_id: UUID) -> bool:
        with self._lock:
            return command_id in self._cancelled

    def _tell(self, command: CommandMessage, share: float) -> None:
        self._say(self._reply(command, progress=share))

    def _say(self, reply: ReplyMessage) -> None:
        with self._lock:
            self._said[reply.command_id] = reply.to_json()
            while len(self._said) > _SAID_MAX:
                self._said.popitem(last=False)
        self._wake()

    def _reply(
        self, command: CommandMessage, *, error: str = "", result: Part | None = None, progress: float | None = None
    ) -> ReplyMessage:
        return ReplyMessage(
            command_id=command.command_id,
            device_id=self._device_id,
            sent_at=self._clock.now(),
            ok=not error,
            progress=progress,
            error=error.replace("\n", " ")[:_ERROR_LENGTH_MAX],
            result={} if result is None else result.model_dump(mode="json", by_alias=True),
        )


def _arguments(command: CommandMessage) -> Part:
    try:
        return ARGUMENTS[command.kind].model_validate(command.arguments)
    except ValidationError as error:
        raise _Refused(f"arguments: {wire_message.describe(error)}", "arguments") from None
