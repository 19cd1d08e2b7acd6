"""One batch into the database, in one transaction: events, alerts, evidence, devices, dead letters, the live stream.

What is stored is the same in whatever batches and order the messages come, and however often.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room.commands import answers
from control_room.commands import service as commands
from control_room.database import pool, sql
from control_room.ingest import clocks, reading, statuses
from control_room.ingest.reading import Accepted, Outcome, Refused
from control_room.ingest.refusals import Reason
from control_room.ingest.traced import TracedBatch
from control_room.stream import publish
from wire.control import ReplyMessage
from wire.device import MetricsMessage, PositionMessage, StatusMessage
from wire.event import EventMessage

KEPT_OF_TOO_LARGE_BYTES = reading.HEAD_BYTES

_QUERIES = sql.load(__file__)
COLUMN_TYPES = (
    *("uuid", "uuid", "int8", "timestamptz", "uuid", "text", "text", "text", "text", "text"),
    *("timestamptz", "timestamptz", "jsonb", "timestamptz", "text", "uuid"),
)
_TURNS_LOCK = 0x74616C64  # "tald"
_FAULT_OF_MESSAGE = ("22", "23", "54")
"""Classes of SQLSTATE that say that a value cannot be stored: wrong data, a broken rule of a table, too large."""


@dataclass(slots=True)
class Stored:
    """What became of a batch; it is true once the transaction has committed."""

    counts: Counter[str] = field(default_factory=Counter)
    """Keys of `ingest_counts.outcome`."""
    acks: defaultdict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    """Messages to ack, by device."""
    refused: list[Refused] = field(default_factory=list)

    def add(self, other: Stored) -> None:
        self.counts.update(other.counts)
        for device_id, message_ids in other.acks.items():
            self.acks[device_id] += message_ids
        self.refused += other.refused


def bind(connection: pool.Connection, silence: timedelta) -> None:
    """Let the database end the connection of a worker that hangs for so long in the midst of a batch."""
    connection.execute(_QUERIES["end_where_silent"], {"milliseconds": silence // timedelta(milliseconds=1)})


def prepare(connection: pool.Connection) -> None:
    """Once for each connection."""
    with connection.transaction():
        connection.execute(_QUERIES["prepare_incoming"])
        connection.execute(_QUERIES["prepare_fresh"])


def store(
    connection: pool.Connection,
    batch: list[Outcome],
    now: datetime,
    *,
    keep_refused: bool = True,
    trace: TracedBatch | None = None,
) -> Stored:
    """Store a batch. A message that the database cannot take becomes a dead letter and disturbs none of the others.

    Args:
        connection: in autocommit or in a transaction of the caller's; `prepare` has seen it.
        batch: in the order in which it came.
        now: the server's clock.
        keep_refused: False: refused messages are dead letters already (a replay), they are neither kept nor counted.
        trace: hears of the steps.

    Raises:
        psycopg.Error: the database is away or out of order; nothing of some part of the batch is stored, so that the
            whole batch must be given again.
    """
    try:
        return _store_together(connection, batch, now, keep_refused=keep_refused, trace=trace)
    except psycopg.Error as error:
        if not (isinstance(error, psycopg.DataError) or (error.sqlstate or "").startswith(_FAULT_OF_MESSAGE)):
            raise
        if len(batch) == 1:
            refused: list[Outcome] = [_not_storable(batch[0], error)]
            return _store_together(connection, refused, now, keep_refused=keep_refused, trace=trace)
    middle = len(batch) // 2
    stored = store(connection, batch[:middle], now, keep_refused=keep_refused, trace=trace)
    stored.add(store(connection, batch[middle:], now, keep_refused=keep_refused, trace=trace))
    return stored


def _not_storable(outcome: Outcome, error: psycopg.Error) -> Refused:
    if isinstance(outcome, Refused):
        raise error
    detail = f"the database refused it: {pool.one_line(error)}"
    return reading.refuse(outcome.delivery, outcome.device_id, Reason.NOT_STORABLE, detail)


def _store_together(
    connection: pool.Connection,
    batch: list[Outcome],
    now: datetime,
    *,
    keep_refused: bool,
    trace: TracedBatch | None,
) -> Stored:
    with connection.transaction():
        sorted_batch = _Sorted(batch, _registered(connection, batch), _owners(connection, batch))
        touched = statuses.Touched()
        _add_cameras(connection, sorted_batch, touched, now)
        alert_ids = _store_events(connection, sorted_batch, now, trace)
        for status in sorted_batch.statuses:
            statuses.store_status(connection, status, touched, now)
        statuses.store_metrics(connection, sorted_batch.metrics, touched, now)
        statuses.store_positions(connection, sorted_batch.positions, touched, now)
        if keep_refused:
            _add_dead_letters(connection, sorted_batch)
        with connection.pipeline():
            _note(connection, sorted_batch)
        answered = [reply.command_id for reply in sorted_batch.replies if answers.take(connection, reply, now)]
        if trace is not None:
            trace.mark("merge")
        with connection.pipeline():
            _publish(connection, alert_ids, touched, _shown_by(sorted_batch.events, trace))
        commands.tell(connection, answered)
        if trace is not None:
            trace.mark("notify")
    if trace is not None:
        trace.mark("commit")
    return sorted_batch.stored


class _Sorted:
    """A batch by kind, with the devices that may not speak put among the refused."""

    def __init__(self, batch: list[Outcome], registered: dict[str, bool], owners: dict[UUID, str]) -> None:
        self.events: list[Accepted] = []
        self.statuses: list[StatusMessage] = []
        self.metrics: list[tuple[Accepted, MetricsMessage]] = []
        self.positions: list[tuple[Accepted, PositionMessage]] = []
        self.replies: list[ReplyMessage] = []
        self.refused: list[Refused] = []
        self.last_seen: dict[str, datetime] = {}
        self.stored = Stored()
        for outcome in batch:
            self._sort(_unasked(_barred(outcome, registered), owners))
        self.stored.refused = self.refused

    def _sort(self, outcome: Outcome) -> None:
        if outcome.message_id is not None and outcome.device_id is not None:
            self.stored.acks[outcome.device_id].append(outcome.message_id)
        if isinstance(outcome, Refused):
            self.refused.append(outcome)
            return
        message = outcome.message
        if not (isinstance(message, StatusMessage) and not message.online):
            self.last_seen[outcome.device_id] = outcome.delivery.received_at
        if isinstance(message, EventMessage):
            self.events.append(outcome)
        elif isinstance(message, StatusMessage):
            self.statuses.append(message)
            self.stored.counts["status"] += 1
        elif isinstance(message, PositionMessage):
            self.positions.append((outcome, message))
            self.stored.counts["position"] += 1
        elif isinstance(message, ReplyMessage):
            self.replies.append(message)
            self.stored.counts["reply"] += 1
        else:
            self.metrics.append((outcome, message))
            self.stored.counts["metrics"] += 1


def _barred(outcome: Outcome, registered: dict[str, bool]) -> Outcome:
    """The message, or why its device may not speak."""
    if isinstance(outcome, Refused) or registered.get(outcome.device_id):
        return outcome
    if outcome.device_id in registered:
        detail = f"{outcome.device_id} was revoked"
        return reading.refuse(outcome.delivery, outcome.device_id, Reason.REVOKED_DEVICE, detail)
    detail = f"no administrator added {outcome.device_id}"
    return reading.refuse(outcome.delivery, outcome.device_id, Reason.UNKNOWN_DEVICE, detail)


def _unasked(outcome: Outcome, owners: dict[UUID, str]) -> Outcome:
    """The message, or that it answers what its device was never asked."""
    if isinstance(outcome, Refused) or not isinstance(outcome.message, ReplyMessage):
        return outcome
    if owners.get(outcome.message.command_id) == outcome.device_id:
        return outcome
    detail = f"no command {outcome.message.command_id} was given to {outcome.device_id}"
    return reading.refuse(outcome.delivery, outcome.device_id, Reason.UNKNOWN_COMMAND, detail)


def _owners(connection: pool.Connection, batch: list[Outcome]) -> dict[UUID, str]:
    """To whom the commands were given that the batch answers."""
    replies = [one.message for one in batch if isinstance(one, Accepted) and isinstance(one.message, ReplyMessage)]
    return answers.owners(connection, [reply.command_id for reply in replies])


def _registered(connection: pool.Connection, batch: list[Outcome]) -> dict[str, bool]:
    """Whether each known device of the batch may speak."""
    device_ids = sorted({outcome.device_id for outcome in batch if isinstance(outcome, Accepted)})
    if not device_ids:
        return {}
    return dict(connection.execute(_QUERIES["registered"], {"device_ids": device_ids}).fetchall())


def _add_cameras(connection: pool.Connection, batch: _Sorted, touched: statuses.Touched, now: datetime) -> None:
    named = {(message.device_id, camera.camera_id) for message in batch.statuses for camera in message.cameras}
    for accepted in batch.events:
        if isinstance(accepted.message, EventMessage) and accepted.message.camera_id is not None:
            named.add((accepted.device_id, accepted.message.camera_id))
    if named:
        device_ids, camera_ids = zip(*named, strict=True)
        given = {"device_ids": list(device_ids), "camera_ids": list(camera_ids), "now": now}
        touched.cameras |= set(connection.execute(_QUERIES["add_cameras"], given).fetchall())


def _store_events(connection: pool.Connection, batch: _Sorted, now: datetime, trace: TracedBatch | None) -> list[UUID]:
    """Events, and all that follows from those not stored before; the alerts that changed."""
    if not batch.events:
        return []
    is_any_off = _take_turns(connection, batch.events)
    _copy_events(connection, _each_once(batch.events))
    if trace is not None:
        trace.mark("copy")
    if is_any_off:
        connection.execute(_QUERIES["drop_known_in_time"])
    fresh = connection.execute(_QUERIES["store_events"]).rowcount
    batch.stored.counts["stored"] += fresh
    batch.stored.counts["duplicate"] += len(batch.events) - fresh
    if not fresh:
        return []
    if fresh < len(batch.events):
        connection.execute(_QUERIES["drop_stale"])
    with connection.pipeline():  # the database is not waited for after each of them
        connection.execute(_QUERIES["count_events"])
        connection.execute(_QUERIES["note_outboxes"])
        alert_ids = [row[0] for row in connection.execute(_QUERIES["tell_alerts"], {"now": now})]
        connection.execute(_QUERIES["add_device_history"], {"alert_ids": alert_ids, "now": now})
        connection.execute(_QUERIES["announce_evidence"], {"now": now})
    return alert_ids


def _each_once(events: list[Accepted]) -> list[Accepted]:
    """Of those with the same key the first."""
    found: dict[tuple[UUID, UUID, int], Accepted] = {}
    for accepted in events:
        message = accepted.message
        if isinstance(message, EventMessage):
            found.setdefault((message.event_id, message.outbox_id, message.sequence), accepted)
    return list(found.values())


def rows(batch: Iterable[Outcome]) -> Iterator[tuple[Any, ...]]:
    """The columns of `incoming`, of the event messages of a batch: those of `events`, and the id of a new alert."""
    for outcome in batch:
        if isinstance(outcome, Accepted) and isinstance(outcome.message, EventMessage):
            yield _row(outcome, outcome.message)


def _take_turns(connection: pool.Connection, events: list[Accepted]) -> bool:
    """Until the transaction ends; one whose times are all in order goes together with all others like it.

    Whether any of them is not.
    """
    alone: dict[str, bool] = {}
    for accepted in events:
        if isinstance(accepted.message, EventMessage):
            is_off = clocks.place(accepted.message.occurred_at, accepted.delivery.received_at).fault is not None
            alone[accepted.device_id] = alone.get(accepted.device_id, False) or is_off
    given = {"lock": _TURNS_LOCK, "device_ids": list(alone), "alone": list(alone.values())}
    connection.execute(_QUERIES["take_turns"], given)
    return any(alone.values())


def _copy_events(connection: pool.Connection, events: list[Accepted]) -> None:
    with connection.cursor() as cursor, cursor.copy(_QUERIES["copy_incoming"]) as copy:
        copy.set_types(COLUMN_TYPES)
        for row in rows(events):
            copy.write_row(row)


def _row(accepted: Accepted, message: EventMessage) -> tuple[Any, ...]:
    """The message is kept as it was sent, also what a newer version added."""
    placed = clocks.place(message.occurred_at, accepted.delivery.received_at)
    return (
        message.event_id,
        message.outbox_id,
        message.sequence,
        placed.at,
        message.message_id,
        message.device_id,
        message.camera_id,
        message.rule,
        message.phase,
        message.severity,
        message.sent_at,
        accepted.delivery.received_at,
        Jsonb(accepted.delivery.payload, dumps=bytes),
        placed.device_time,
        placed.fault,
        uuids.uuid7(),
    )


def _add_dead_letters(connection: pool.Connection, batch: _Sorted) -> None:
    if batch.refused:
        with connection.cursor() as cursor:
            letters = sorted(map(_dead_letter, batch.refused), key=lambda letter: bytes(letter["fingerprint"]))
            cursor.executemany(_QUERIES["add_dead_letter"], letters)
        batch.stored.counts["dead_letter"] += len(batch.refused)


def fingerprint(topic: str, payload: bytes) -> bytes:
    return hashlib.sha256(topic.encode() + b"\0" + payload).digest()


def _dead_letter(refused: Refused) -> dict[str, Any]:
    delivery = refused.delivery
    too_large = refused.reason == Reason.TOO_LARGE
    return {
        "dead_letter_id": uuids.uuid7(),
        "fingerprint": fingerprint(delivery.topic, delivery.payload),
        "received_at": delivery.received_at,
        "topic": delivery.topic,
        "device_id": refused.device_id,
        "message_id": refused.message_id,
        "outbox_id": refused.outbox_id,
        "sequence": refused.sequence,
        "reason": refused.reason.value,
        "detail": refused.detail.replace("\0", "\\0").encode(errors="replace").decode(),
        "payload": delivery.payload[:KEPT_OF_TOO_LARGE_BYTES] if too_large else delivery.payload,
        "payload_bytes": len(delivery.payload),
        "payload_sha256": hashlib.sha256(delivery.payload).hexdigest(),
    }


def _note(connection: pool.Connection, batch: _Sorted) -> None:
    seen = batch.last_seen
    if seen:
        connection.execute(_QUERIES["set_last_seen"], {"device_ids": list(seen), "times": list(seen.values())})
    counts = +batch.stored.counts
    if counts:
        connection.execute(_QUERIES["count"], {"outcomes": list(counts), "numbers": list(counts.values())})


def _shown_by(events: list[Accepted], trace: TracedBatch | None) -> dict[UUID, str]:
    """Of each event, the `traceparent` of its newest message that is traced."""
    if trace is None:
        return {}
    found: dict[UUID, str] = {}
    messages = [each.message for each in events if isinstance(each.message, EventMessage)]
    for message in sorted(messages, key=lambda each: (each.outbox_id, each.sequence)):
        traceparent = trace.traceparent(message.message_id)
        if traceparent is not None:
            found[message.event_id] = traceparent
    return found


def _publish(
    connection: pool.Connection, alert_ids: list[UUID], touched: statuses.Touched, shown_by: dict[UUID, str]
) -> None:
    """Last in the transaction, because of the lock of the stream."""
    statuses.publish_touched(connection, touched)
    publish.publish_alerts(connection, alert_ids, shown_by)
